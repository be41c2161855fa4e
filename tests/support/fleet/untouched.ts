import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";
import { PATIENCE } from "../machine/test_machine.ts";
import type { PackageTower } from "./package_tower.ts";

/** Files of a host that decide where it looks for others, and folders where work is left lying. */
const FILES = ["etc/hosts", "etc/resolv.conf", "etc/apk/repositories", "etc/apk/arch"];
const FOLDERS = ["etc/apk/keys", "var/cache/apk", "tmp", "var/tmp", "run", "root"];
/** Tries, a tenth of a second apart: what ends by itself has this long. */
const TRIES = 300 * PATIENCE;

/**
 * All that work on packages must leave as it was: of each host its files that lead elsewhere, firewall,
 * sockets and processes; of the thin client the processes that reach them.
 */
export class Untouched {
  private constructor(private readonly place: PackageTower, private readonly before: string) {}

  /** The state now, to be compared with later. */
  static async since(place: PackageTower): Promise<Untouched> {
    return new Untouched(place, await stateOf(place));
  }

  async holds(): Promise<boolean> {
    return await stateOf(this.place) === this.before;
  }

  /** Waits for what ends by itself, and compares. */
  async require(): Promise<void> {
    for (let tries = 0; !await this.holds(); tries++) {
      if (tries >= TRIES) assertEquals(await stateOf(this.place), this.before);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function stateOf(place: PackageTower): Promise<string> {
  const networks = Object.entries(place.networks).map(async ([name, network]) =>
    `== network of ${name}\n${await networkState(network)}`
  );
  const roots = Object.entries(place.roots).map(([name, root]) =>
    `== files of ${name}\n${rootState(root)}`
  );
  const reaching = processes((_, line) =>
    line.includes(place.tower.folder) || line.includes(place.programs)
  );
  return [...await Promise.all(networks), ...roots, "== thin client", ...reaching].join("\n");
}

async function networkState(network: NetworkNamespace): Promise<string> {
  const sockets = (await network.run("ss", "-Hlntux")).split("\n").sort();
  const rules = [];
  for (const program of ["iptables-save", "ip6tables-save"]) {
    const said = await network.run(program);
    // Times and counters.
    rules.push(said.replaceAll(/^#.*\n/gm, "").replaceAll(/\[\d+:\d+\]/g, ""));
  }
  const own = Deno.readLinkSync(`/proc/${network.pid}/ns/net`);
  const inside = processes((pid) => Deno.readLinkSync(`/proc/${pid}/ns/net`) === own);
  return [...sockets, ...rules, ...inside].join("\n");
}

function rootState(root: string): string {
  const text = (path: string) => `${path}: ${orNothing(() => Deno.readTextFileSync(path))}`;
  const names = (path: string) =>
    `${path}: ${
      orNothing(() => Array.from(Deno.readDirSync(path), (e) => e.name).sort().join(" "))
    }`;
  const at = (path: string) => join(root, path);
  return [...FILES.map(at).map(text), ...FOLDERS.map(at).map(names)].join("\n");
}

/** The command lines of processes, in order. */
function processes(isWanted: (pid: string, line: string) => boolean): string[] {
  const found = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = orNothing(() => {
      const text = Deno.readTextFileSync(`/proc/${name}/cmdline`).replaceAll("\0", " ");
      return isWanted(name, text) ? text : "";
    });
    if (line !== "") found.push(line);
  }
  return found.sort();
}

/** What is not there, or went while it was looked at. */
function orNothing(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
