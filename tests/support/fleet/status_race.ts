import { fromFileUrl, join } from "@std/path";
import { HOST_FACTS } from "../../../lib/fleet/facts/host_facts.ts";
import { chooseHosts, type Host } from "../../../lib/fleet/host.ts";
import type { Command } from "../../../lib/proc/command.ts";
import { quoteArgv } from "../../../lib/proc/quoting.ts";
import { sshTarget } from "../../../lib/session/ssh_session.ts";
import { sshArgv } from "../../../lib/ssh/ssh_argv.ts";
import { inventoryPlace } from "../../../lib/inventory/inventory_reader.ts";
import { readInventory } from "../../../lib/inventory/read_inventory.ts";
import { ManyHosts } from "./many_hosts.ts";

const MAIN = fromFileUrl(new URL("../../../cli/main.ts", import.meta.url));
/** As many as `tower` works on at once. */
const PARALLEL = 20;

/** Many real sshd, and the ways to ask them all: each a program to be started as it is. */
export class StatusRace implements AsyncDisposable {
  private constructor(private readonly hosts: ManyHosts, private readonly scripts: Scripts) {}

  /** Starts `count` hosts; `folder` is empty and stays until the end. */
  static async start(folder: string, count: number): Promise<StatusRace> {
    const home = homeIn(folder);
    Deno.mkdirSync(home);
    const names = Array.from({ length: count }, (_, i) => ({ name: `h${i}` }));
    await using stack = new AsyncDisposableStack();
    const hosts = stack.use(await ManyHosts.start(home, names));
    const scripts = await writeScripts(folder);
    stack.move();
    return new StatusRace(hosts, scripts);
  }

  /** `tower status --json` as a user starts it. */
  status(denoFolder: string): Command {
    const argv = [Deno.execPath(), "run", "--allow-all", MAIN, "status", "--json"] as const;
    const variables = { HOME: this.scripts.home, DENO_DIR: denoFolder };
    return this.hosts.inside({ argv, variables });
  }

  /** ssh to each host, one after the other, with the question that `tower status` asks. */
  loop(): Command {
    return this.hosts.inside({ argv: ["sh", "-e", this.scripts.questions] });
  }

  /** The same, 20 at once. */
  parallelLoop(): Command {
    return this.#parallel(this.scripts.questions);
  }

  /** ssh to each host for nothing, 20 at once; prints what {@linkcode slowestOf} reads. */
  handshakes(): Command {
    return this.#parallel(this.scripts.handshakes);
  }

  #parallel(script: string): Command {
    const each = ["-P", `${PARALLEL}`, "-d", "\\n", "-n", "1", "bash", "-c", 'eval "$1"', "bash"];
    return this.hosts.inside({ argv: ["xargs", "-a", script, ...each] });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.hosts[Symbol.asyncDispose]();
  }
}

interface Scripts {
  readonly home: string;
  readonly questions: string;
  readonly handshakes: string;
}

function homeIn(folder: string): string {
  return join(folder, "home");
}

/** A line for each host. */
async function writeScripts(folder: string): Promise<Scripts> {
  const home = homeIn(folder);
  const place = inventoryPlace(home, new AbortController().signal);
  const hosts = chooseHosts(await readInventory(place), []);
  const agent = join(folder, "agent");
  Deno.writeTextFileSync(agent, HOST_FACTS.script);
  const call = (host: Host, ...command: [string, ...string[]]) =>
    quoteArgv(sshArgv(sshTarget(place, host, 30), { command }));
  const write = (name: string, line: (host: Host) => string) => {
    const path = join(folder, name);
    Deno.writeTextFileSync(path, hosts.map((host) => `${line(host)}\n`).join(""));
    return path;
  };
  return {
    home,
    questions: write("questions", (host) => `${call(host, "sh", "-s")} <${agent}`),
    handshakes: write(
      "handshakes",
      (host) =>
        `begin=$EPOCHREALTIME; ${call(host, "true")} </dev/null; echo $begin $EPOCHREALTIME`,
    ),
  };
}

/** Seconds that the slowest handshake took; of `count`. */
export function slowestOf(stdout: Uint8Array, count: number): number {
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  if (lines.length !== count) throw new Error(`${lines.length} of ${count} handshakes`);
  return Math.max(...lines.map((line) => {
    const [begin, end] = line.split(" ").map(Number);
    return end! - begin!;
  }));
}

/**
 * What `tower status` of so many hosts may take: the hosts in waves of 20, each wave as long as
 * the slowest handshake, twice.
 */
export function statusBound(slowest: number, count: number): number {
  return 2 * Math.ceil(count / PARALLEL) * slowest;
}

/** Throws unless all hosts are up. */
export function assertAllUp(stdout: Uint8Array, count: number): void {
  const found = JSON.parse(new TextDecoder().decode(stdout)) as { status: string }[];
  const up = found.filter(({ status }) => status === "up").length;
  if (up !== count) throw new Error(`${up} of ${count} hosts are up`);
}
