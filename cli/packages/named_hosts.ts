import { TowerError } from "../../lib/errors.ts";
import { findHost, type Host, type Inventory } from "../../lib/fleet/host.ts";

/** A command line that names hosts, and then packages. */
export interface HostsAndPackages {
  readonly hosts: readonly Host[];
  readonly packages: readonly string[];
}

/**
 * Tells hosts from packages: the words that begin a command line and are names of hosts; `--` ends them.
 *
 * @param words in their order, without `--`
 * @param literal how many of them stand behind it
 * @throws {TowerError} `not-found` where the first is no host; `usage` where no package is named.
 */
export function hostsAndPackages(
  inventory: Inventory,
  words: readonly string[],
  literal: number,
): HostsAndPackages {
  const [first = "", ...rest] = words;
  const hosts = [findHost(inventory, first)];
  const most = words.length - literal;
  const known = new Map(inventory.hosts.map((host) => [host.name as string, host]));
  for (const word of rest.slice(0, Math.max(0, most - 1))) {
    const host = known.get(word);
    if (host === undefined) break;
    if (!hosts.includes(host)) hosts.push(host);
    else throw new TowerError("usage", `Cannot name "${word}" twice`);
  }
  const packages = words.slice(hosts.length);
  if (packages.length > 0) return { hosts, packages };
  const last = words.at(-1)!;
  throw new TowerError("usage", `Cannot tell which packages: "${last}" is a host`, {
    hint: words.length > 1
      ? `Packages stand behind the hosts; one that is called like a host behind --: ${
        words.slice(0, -1).join(" ")
      } -- ${last}`
      : "Packages stand behind the hosts",
  });
}

/** How many words of a command line stand behind `--`. */
export function wordsBehindDashes(args: readonly string[]): number {
  const at = args.indexOf("--");
  return at < 0 ? 0 : args.length - at - 1;
}

/** {@linkcode hostsAndPackages} of a command's words. @param args the whole command line */
export function namedOnLine(
  inventory: Inventory,
  words: readonly string[],
  args: readonly string[],
): HostsAndPackages {
  return hostsAndPackages(inventory, words, wordsBehindDashes(args));
}
