import { assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../errors.ts";
import { FACTS_LIMIT, HOST_FACTS } from "../fleet/facts/host_facts.ts";
import { CARDS } from "../fleet/thin_client_cards.ts";
import { RecordingRunner } from "../proc/recording_runner.ts";
import { positionOfHost, rulesFact, wantedRules } from "../fleet/firewall.ts";
import { testHost } from "../fleet/test_host.ts";
import { gather } from "./gather.ts";
import { localSession } from "./local_session.ts";
import { TestSession } from "./test_session.ts";

const FACTS = {
  agent: 1,
  time: 1_700_000_000,
  system: "Alpine Linux v3.22",
  kernel: "6.12.1-0-rpi",
  load: "0.08",
  uptime: 3600,
  processors: 4,
  memoryTotal: 4_000_000,
  memoryAvailable: 3_000_000,
  temperature: null,
  diskTotal: 10_000_000,
  diskUsed: 900_000,
  packages: 212,
};
const WEB = { name: "web" };
const CARD_LINES = "card eth0 02:00:00:00:00:01 1 1\nforwards 0 0\n";

Deno.test("facts and cards are asked for by their own programs, within bounds", async () => {
  const host = new TestSession([{ stdout: JSON.stringify(FACTS) }]);
  assertEquals(await gather(host, HOST_FACTS, WEB), FACTS as never);
  assertEquals(host.programs, [{
    argv: ["sh", "-s"],
    stdin: new TextEncoder().encode(HOST_FACTS.script),
    outputLimit: FACTS_LIMIT,
    deadline: 15,
  }]);
  const own = new TestSession([{ stdout: CARD_LINES }]);
  assertEquals((await gather(own, CARDS, WEB)).cards.map(({ name }) => name), ["eth0"]);
  assertEquals(new TextDecoder().decode(own.programs[0]!.stdin), CARDS.script);
});

Deno.test("a shell that fails is believed nothing, whatever it wrote", async () => {
  for (const ending of [{ code: 1 }, { signal: "SIGTERM" }]) {
    const said = { stdout: JSON.stringify(FACTS), stderr: "lie", ...ending };
    const host = new TestSession([said]);
    const error = await assertRejects(() => gather(host, HOST_FACTS, WEB), TowerError);
    assertEquals(error.message, 'Cannot ask "web": its shell failed');
    const own = new TestSession([{ stdout: CARD_LINES, ...ending }]);
    await assertRejects(() => gather(own, CARDS, WEB), TowerError, "its shell failed");
  }
});

Deno.test("rules are asked for as root, within bounds", async () => {
  const fact = rulesFact(wantedRules(positionOfHost(testHost("web").env), undefined));
  const machine = { ...WEB, become: ["doas"] };
  const there = new TestSession([{ stdout: "=services\n|iptables\n|ip6tables\n" }]);
  assertEquals((await gather(there, fact, machine)).isLoadedAtStart, true);
  const [program] = there.programs;
  assertEquals(program!.argv.toSpliced(3, 1), ["doas", "sh", "-c", "tower-firewall"]);
  assertEquals([program!.deadline, program!.outputLimit], [30, 1 << 18]);
  assertEquals(program!.stdin, fact.input);
  for (
    const [answer, said] of [
      [{ code: 1, stderr: "doas: \x1b[2J\n" }, 'Cannot look at the rules of "web": doas: \\x1b[2J'],
      [{ code: 1 }, 'Cannot look at the rules of "web": it failed'],
      [{ signal: "SIGKILL" }, 'Cannot look at the rules of "web": no answer came'],
    ] as const
  ) {
    const session = new TestSession([answer]);
    const error = await assertRejects(() => gather(session, fact, machine), TowerError);
    assertEquals(error.message, said);
    assertEquals(error.hint, undefined);
  }
});

Deno.test("this machine runs a program with its input, and any exit code is an answer", async () => {
  for (const code of [0, 1, 255]) {
    const runner = new RecordingRunner({ sh: { code, stdout: "out" } });
    const session = localSession(runner);
    const program = { argv: ["sh", "-s"], outputLimit: 9, deadline: 60 } as const;
    const { ending, stdout } = await session.exec({ ...program, stdin: Uint8Array.of(7) });
    assertEquals(ending, { kind: "exited", code });
    assertEquals(new TextDecoder().decode(stdout), "out");
    assertEquals(runner.commands[0]!.stdin, Uint8Array.of(7));
    await session.exec(program);
    assertEquals("stdin" in runner.commands[1]!, false);
  }
});

Deno.test("this machine's answer is bounded in time and length", async () => {
  const seen: unknown[] = [];
  const session = localSession({
    run(_, options) {
      seen.push(options?.outputLimit, options?.signal?.aborted);
      return new Promise((_, reject) => {
        options?.signal?.addEventListener("abort", () => reject(options.signal?.reason));
      });
    },
    spawn: () => {
      throw new Error("spawned");
    },
    which: () => undefined,
  });
  // The timer of AbortSignal.timeout() does not keep the process alive.
  const alive = setTimeout(() => {}, 60_000);
  const exec = (deadline: number) => session.exec({ argv: ["sh"], outputLimit: 9, deadline });
  const error = await assertRejects(() => exec(0.05));
  assertEquals((error as Error).name, "TimeoutError");
  const other = await Promise.race([
    exec(50).catch(() => "ended"),
    new Promise((resolve) => setTimeout(() => resolve("waits"), 200)),
  ]);
  clearTimeout(alive);
  assertEquals(other, "waits");
  assertEquals(seen, [9, false, 9, false]);
});
