import { assertEquals, assertRejects } from "@std/assert";
import { TowerError } from "../errors.ts";
import { FACTS_AGENT } from "../fleet/facts/facts_agent.ts";
import { FACTS_LIMIT } from "../fleet/facts/host_facts.ts";
import { CARDS_LIMIT, LOOK_AT_CARDS } from "../fleet/thin_client_cards.ts";
import { RecordingRunner } from "../proc/recording_runner.ts";
import { gatherCards } from "./cards.ts";
import { gatherFacts } from "./facts.ts";
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
const CARDS = "card eth0 02:00:00:00:00:01 1 1\nforwards 0 0\n";

Deno.test("facts and cards are asked for by their own programs, within bounds", async () => {
  const host = new TestSession([{ stdout: JSON.stringify(FACTS) }]);
  assertEquals(await gatherFacts(host, 7), FACTS as never);
  assertEquals(host.programs, [{
    argv: ["sh", "-s"],
    stdin: new TextEncoder().encode(FACTS_AGENT),
    outputLimit: FACTS_LIMIT,
    deadline: 7,
  }]);
  const own = new TestSession([{ stdout: CARDS }]);
  assertEquals((await gatherCards(own)).cards.map(({ name }) => name), ["eth0"]);
  assertEquals(own.programs, [{
    argv: ["sh", "-c", LOOK_AT_CARDS],
    outputLimit: CARDS_LIMIT,
    deadline: 15,
  }]);
});

Deno.test("a shell that fails is believed nothing, whatever it wrote", async () => {
  for (const ending of [{ code: 1 }, { signal: "SIGTERM" }]) {
    const host = new TestSession([{ stdout: JSON.stringify(FACTS), ...ending }]);
    await assertRejects(() => gatherFacts(host, 7), TowerError, 'ask "web": its shell failed');
    const own = new TestSession([{ stdout: CARDS, ...ending }]);
    await assertRejects(() => gatherCards(own), TowerError, "its shell failed");
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
