import { assert, assertEquals } from "@std/assert";
import type { Runner } from "../../../lib/proc/command.ts";
import {
  confirmRules,
  loadRules,
  type RootProgram,
  type WantedRules,
} from "../../../lib/fleet/firewall.ts";
import { MachineSpace } from "../../../lib/lab/machine_space.ts";
import { NetworkNamespace } from "../../../lib/lab/network_namespace.ts";
import { randomNumbers } from "../program/random_numbers.ts";

/** Seconds until a machine of these tests takes its old rules back. */
const TIMEOUT = 1;

/** Rules that tell by both families, and by a table of their own, whose they are. */
function rulesWith(port: number, table: "mangle" | "nat" | "raw"): WantedRules {
  const text = (family: 4 | 6) =>
    `*${table}\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n` +
    `-A PREROUTING -p tcp -m tcp --dport ${port + family} -j ACCEPT\nCOMMIT\n` +
    "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n" +
    `-A INPUT -p tcp -m tcp --dport ${port + family} -j ACCEPT\nCOMMIT\n`;
  const settings = [`net.ipv4.conf.all.tag = ${port}`];
  return { ipv4: text(4), ipv6: text(6), settings };
}

const SETS = {
  old: rulesWith(2000, "mangle"),
  first: rulesWith(3000, "nat"),
  second: rulesWith(4000, "raw"),
} as const;
type SetName = keyof typeof SETS;

/** What a program said, or that it was killed. */
interface Said {
  readonly code: number | undefined;
  readonly text: string;
}

/** A machine on which changes of rules are asked for, and cut off. */
export class RacedMachine implements AsyncDisposable {
  private constructor(
    private readonly runner: Runner,
    private readonly space: MachineSpace,
    private readonly owned: AsyncDisposableStack,
  ) {}

  /** Its rules in force, and those for its next start, are the old ones. */
  static async create(runner: Runner): Promise<RacedMachine> {
    await using stack = new AsyncDisposableStack();
    const network = stack.use(await NetworkNamespace.create(runner));
    const space = stack.use(await MachineSpace.create(runner, network, "alice"));
    const { ipv4, ipv6 } = SETS.old;
    const put = 'mkdir -p /etc/iptables; printf %s "$1" >/etc/iptables/rules-save; ' +
      'printf %s "$2" >/etc/iptables/rules6-save';
    await space.run("sh", "-ec", put, "put", ipv4, ipv6);
    const machine = new RacedMachine(runner, space, stack.move());
    await machine.start();
    return machine;
  }

  /** A restart: nothing runs, `/run` is empty, and the services load the kept files. */
  async start(): Promise<void> {
    await this.space.run("sh", "-c", START);
  }

  run(script: string): Promise<string> {
    return this.space.run("sh", "-c", script);
  }

  load(set: SetName, token: string, killAfter?: number, timeout = TIMEOUT): Promise<Said> {
    return this.ask(this.loading(set, token, timeout), killAfter);
  }

  loading(set: SetName, token: string, timeout = TIMEOUT): RootProgram {
    return loadRules(SETS[set], { token, timeout });
  }

  confirm(token: string, killAfter?: number): Promise<Said> {
    return this.ask(confirmRules(token), killAfter);
  }

  /** @param killAfter Milliseconds. */
  async ask({ argv, stdin }: RootProgram, killAfter?: number): Promise<Said> {
    await using child = this.runner.spawn(this.space.inside({ argv, stdin }));
    const kill = killAfter === undefined
      ? undefined
      : setTimeout(() => child.kill("SIGKILL"), killAfter);
    const text = (stream: ReadableStream<Uint8Array>) =>
      new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).text();
    const [ending, out, err] = await Promise.all([
      child.ended,
      text(child.stdout),
      text(child.stderr),
    ]);
    clearTimeout(kill);
    return { code: ending.kind === "exited" ? ending.code : undefined, text: out + err };
  }

  /** Waits until no change is under way, and tells whose rules are in force and kept, both whole. */
  async settled(): Promise<{ running: SetName; kept: SetName }> {
    await this.space.run("sh", "-c", WAIT);
    const running = await this.space.run("sh", "-c", "iptables-save; ip6tables-save");
    return {
      running: wholeSet(running, "in force"),
      kept: wholeSet(await this.space.run("sh", "-c", KEPT), "kept"),
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.owned.disposeAsync();
  }
}

const FIND = `changes() {
	for file in /run/tower-firewall.locks/*; do
		grep -qs tower-firewall "/proc/\${file##*/}/cmdline" && echo "\${file##*/}"
	done
}
`;
const WAIT = `${FIND}while [ -n "$(changes)" ]; do sleep 0.1; done`;
const START = `${FIND}kill -KILL $(changes) 2>/dev/null
rm -rf /run/tower-firewall /run/tower-firewall.locks
for table in nat mangle raw; do
	printf '*%s\\nCOMMIT\\n' $table | iptables-restore
	printf '*%s\\nCOMMIT\\n' $table | ip6tables-restore
done
iptables-restore </etc/iptables/rules-save && ip6tables-restore </etc/iptables/rules6-save`;
const KEPT = "cat /etc/iptables/rules-save /etc/iptables/rules6-save";

/** The one set whose lines these are, all of them and no other. */
function wholeSet(text: string, what: string): SetName {
  const rules = (all: string) =>
    all.split("\n").filter((line) => line.startsWith("-A ")).sort().join("\n");
  for (const [name, { ipv4, ipv6 }] of Object.entries(SETS)) {
    if (rules(ipv4 + ipv6) === rules(text)) return name as SetName;
  }
  throw new Error(`the rules ${what} are of no one set:\n${text}`);
}

/**
 * Changes of rules at once, cut off at random moments, on one machine after another restart or
 * not: what is in force is always one whole set in both families, and what a confirmation said.
 */
export async function raceRules(runner: Runner, rounds: number, seed: number): Promise<void> {
  const random = randomNumbers(seed);
  const within = (milliseconds: number) =>
    random.below(2) === 0 ? undefined : random.below(milliseconds);
  await using machine = await RacedMachine.create(runner);
  let now: SetName = "old";
  for (let round = 0; round < rounds; round++) {
    const told: string[] = [`seed ${seed}, round ${round}, ${now} in force`];
    const sets = (["old", "first", "second"] as const).filter((name) => name !== now);
    const asked = sets.map((set, i) => ({ set, token: `${round}a${i}` }));
    const isCut = random.below(3) === 0;
    const loads = await Promise.all(
      asked.map(({ set, token }) => machine.load(set, token, within(500))),
    );
    loads.forEach((said, i) => told.push(`load ${asked[i]!.set}: ${said.code} ${said.text}`));
    const confirms = asked.map(({ token }) => machine.confirm(token, within(600)));
    if (isCut) {
      await new Promise((resolve) => setTimeout(resolve, random.below(600)));
      await machine.start();
      told.push("restarted");
    }
    const answers = await Promise.all(confirms);
    answers.forEach((said, i) => told.push(`keep ${asked[i]!.set}: ${said.code} ${said.text}`));
    try {
      const { running, kept } = await machine.settled();
      assertEquals(running, kept);
      const sure = answers.findIndex(({ code }) => code === 0);
      if (sure >= 0) assertEquals(running, asked[sure]!.set);
      const refused = answers.every(({ code }) => code !== 0 && code !== undefined);
      if (refused && !isCut) assertEquals(running, now);
      assert(answers.filter(({ code }) => code === 0).length <= 1, "two sets were kept");
      now = running;
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${told.join("\n")}`, { cause: error });
    }
  }
}
