import { TowerError } from "../../lib/errors.ts";
import type { Machines } from "./machines.ts";
import type { PackageMachine } from "./package_machine.ts";

/** A command line that names machines, and then packages. */
export interface MachinesAndPackages {
  readonly named: readonly PackageMachine[];
  readonly packages: readonly string[];
}

/**
 * Tells machines from packages: the words that begin a command line and are names of machines; `--`
 * ends them.
 *
 * @param words in their order, without `--`
 * @param literal how many of them stand behind it
 * @throws {TowerError} `not-found` where the first is none; `usage` where no package is named.
 */
export function machinesAndPackages(
  { names, find }: Pick<Machines, "names" | "find">,
  words: readonly string[],
  literal: number,
): MachinesAndPackages {
  const [first = "", ...rest] = words;
  const named = new Map([[first, find(first)]]);
  const most = words.length - literal;
  for (const word of rest.slice(0, Math.max(0, most - 1))) {
    if (!names.has(word)) break;
    if (named.has(word)) throw new TowerError("usage", `Cannot name "${word}" twice`);
    named.set(word, find(word));
  }
  const packages = words.slice(named.size);
  if (packages.length > 0) return { named: [...named.values()], packages };
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

/** {@linkcode machinesAndPackages} of a command's words. @param args the whole command line */
export function namedOnLine(
  machines: Machines,
  words: readonly string[],
  args: readonly string[],
): MachinesAndPackages {
  return machinesAndPackages(machines, words, wordsBehindDashes(args));
}
