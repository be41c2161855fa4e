import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { TowerError } from "../../../lib/errors.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { quoteArgv } from "../../../lib/proc/quoting.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const sh = (script: string) => ({ argv: ["sh", "-c", script] as const });

Deno.test("a program sees the clean variables and the given ones, nothing else", async () => {
  Deno.env.set("TOWER_TEST_LEAK", "1");
  const { stdout } = await denoRunner().run({ argv: ["env"], variables: { A: "b c" } });
  Deno.env.delete("TOWER_TEST_LEAK");
  const names = text(stdout).trim().split("\n").map((line) => line.split("=")[0]).sort();
  assertEquals(names, ["A", "HOME", "LANG", "PATH", "TERM"]);
  assertStringIncludes(text(stdout), "LANG=C.UTF-8\n");
});

Deno.test("a program without input reads /dev/null; with input it reads exactly that", async () => {
  const none = await denoRunner().run({ argv: ["readlink", "/proc/self/fd/0"] });
  assertEquals(text(none.stdout), "/dev/null\n");
  const stdin = new Uint8Array(300_000).fill(65);
  const some = await denoRunner().run({ argv: ["wc", "-c"], stdin });
  assertEquals(text(some.stdout).trim(), "300000");
});

Deno.test("input that the program does not read is no error", async () => {
  const { ending } = await denoRunner().run({ argv: ["true"], stdin: new Uint8Array(1 << 20) });
  assertEquals(ending, { kind: "exited", code: 0 });
});

Deno.test("a failure shows the command and the last lines of the error output", async () => {
  const error = await assertRejects(
    () => denoRunner().run(sh("for i in $(seq 40); do echo line $i >&2; done; exit 7")),
    TowerError,
  );
  assertEquals(error.code, "tool");
  assertStringIncludes(error.message, "it ended with exit code 7\n  line 29\n");
  assert(error.message.endsWith("  line 40"));
});

Deno.test("a signal is told apart from an exit code", async () => {
  const killed = await assertRejects(() => denoRunner().run(sh("kill -9 $$")), TowerError);
  assertStringIncludes(killed.message, "it was ended by SIGKILL");
  const exited = await assertRejects(() => denoRunner().run(sh("exit 137")), TowerError);
  assertStringIncludes(exited.message, "it ended with exit code 137");
});

Deno.test("a missing program, a missing folder and exit code 127 are explained", async () => {
  const missing = await assertRejects(
    () => denoRunner().run({ argv: ["tower-no-such-tool"] }),
    TowerError,
  );
  assertStringIncludes(missing.message, 'there is no program "tower-no-such-tool"');
  const inScript = await assertRejects(
    () => denoRunner().run(sh("tower-no-such-tool")),
    TowerError,
  );
  assertStringIncludes(inScript.hint ?? "", "127");
  const folder = await assertRejects(
    () => denoRunner().run({ argv: ["true"], cwd: "/tower/no/such" }),
    TowerError,
  );
  assertEquals(folder.code, "tool");
});

Deno.test("more output than the limit ends the program and is an error", async () => {
  const began = performance.now();
  const error = await assertRejects(
    () => denoRunner().run({ argv: ["yes"] }, { outputLimit: 1000 }),
    TowerError,
  );
  assertEquals(error.code, "limit");
  assertLess(performance.now() - began, 5000);
});

Deno.test("an abort ends the program and all that it started", async () => {
  const abort = new AbortController();
  const marker = `987${Deno.pid}`;
  const run = denoRunner().run(sh(`sleep ${marker} & sleep ${marker}; wait`), {
    signal: abort.signal,
  });
  const failed = assertRejects(() => run, TowerError);
  await until(() => sleepers(marker) === 2);
  const reason = new Error("enough");
  abort.abort(reason);
  const { code, message, cause } = await failed;
  assertEquals([code, cause], ["interrupted", reason]);
  assert(message.startsWith('Cannot run "sh -c ') && message.endsWith(": interrupted"), message);
  await until(() => sleepers(marker) === 0);
});

Deno.test("a program that ignores SIGTERM is killed after the grace time", async () => {
  const runner = denoRunner({ grace: 100 });
  const child = runner.spawn(sh("trap '' TERM; echo ready; while :; do sleep 1; done"));
  const reader = child.stdout.getReader();
  await reader.read();
  await child[Symbol.asyncDispose]();
  assertEquals(await child.ended, { kind: "signalled", signal: "SIGKILL" });
  await reader.cancel();
  await child.stderr.cancel();
  await child.stdin.abort();
});

Deno.test("no signal ends a program that is to end by itself, and its outcome is waited for", async () => {
  const folder = Deno.makeTempDirSync();
  const [begun, go] = [`${folder}/begun`, `${folder}/go`];
  await denoRunner().run({ argv: ["mkfifo", begun, go] });
  const user = new AbortController(), own = new AbortController();
  const script = `echo >'${begun}'; read -r word <'${go}'; echo "$word"; exit 3`;
  const work = denoRunner({ signal: user.signal, grace: 1 }).run(
    { ...sh(script), okCodes: [3], endsByItself: true },
    { signal: own.signal },
  );
  await Deno.readTextFile(begun);
  user.abort();
  own.abort();
  await Deno.writeTextFile(go, "whole\n");
  const { ending, stdout } = await work;
  assertEquals([ending, text(stdout)], [{ kind: "exited", code: 3 }, "whole\n"]);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("the runner's own signal refuses to start more programs", async () => {
  const runner = denoRunner({ signal: AbortSignal.abort() });
  const error = await assertRejects(() => runner.run({ argv: ["true"] }), TowerError);
  assertEquals(error.code, "interrupted");
});

Deno.test("which finds programs in the system folders and not in the working folder", () => {
  const runner = denoRunner();
  assert(runner.which("sh")?.startsWith("/"));
  assertEquals(runner.which("tower-no-such-tool"), undefined);
});

Deno.test("quoteArgv: sh reads back every word, whatever its characters", async () => {
  const atoms = ["", " ", "a'b", "$(x)", "`", "\n", "\t", "\x1b[0m", "\u202e", "*", "~", "\\", '"'];
  const words = [...atoms];
  let seed = 1;
  const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
  for (let i = 0; i < 200; i++) {
    words.push(Array.from({ length: random(8) }, () => atoms[random(atoms.length)]).join("x"));
  }
  const line = quoteArgv(["printf", "%s\\0", ...words]);
  const { stdout } = await denoRunner().run({ argv: ["sh", "-c", line] });
  assertEquals(text(stdout).split("\0").slice(0, -1), words);
});

function sleepers(marker: string): number {
  let count = 0;
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    try {
      if (Deno.readTextFileSync(`/proc/${name}/cmdline`) === `sleep\0${marker}\0`) count++;
    } catch { /* it ended while we looked */ }
  }
  return count;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert(condition(), "the condition never came true");
}

Deno.test("a program that ends with its owner has its input, output and ending as any other", async () => {
  const runner = denoRunner();
  const owned = { endsWithOwner: true } as const;
  const stdin = new TextEncoder().encode("one\ntwo\0three");
  const { stdout } = await runner.run({ argv: ["cat"], stdin, ...owned });
  assertEquals(stdout, stdin);
  const none = await runner.run({ argv: ["wc", "-c"], stdin: new Uint8Array(), ...owned });
  assertEquals(text(none.stdout).trim(), "0");
  const code = await runner.run({ ...sh("exit 200"), ...owned, okCodes: [200] });
  assertEquals(code.ending, { kind: "exited", code: 200 });
  await using child = runner.spawn({ ...sh("kill -KILL $$"), ...owned });
  assertEquals(await child.ended, { kind: "signalled", signal: "SIGKILL" });
  await assertRejects(
    () => runner.run({ argv: ["no-such-program"], ...owned }),
    TowerError,
    'there is no program "no-such-program"',
  );
});

Deno.test("a program that ends with its owner is ended by a signal as any other", async () => {
  const ending = new AbortController();
  const argv = ["sleep", "60"] as const;
  const work = denoRunner().run({ argv, endsWithOwner: true }, { signal: ending.signal });
  setTimeout(() => ending.abort(), 100);
  await assertRejects(() => work, TowerError, "interrupted");
});

Deno.test("programs that end with their owner share one guard, which leaves with the last of them", async () => {
  const runner = denoRunner();
  const guards = () =>
    [...Deno.readDirSync("/proc")].filter(({ name }) => {
      try {
        const words = Deno.readTextFileSync(`/proc/${name}/cmdline`).split("\0");
        const [, parent] = /^PPid:\t(\d+)$/m.exec(Deno.readTextFileSync(`/proc/${name}/status`))!;
        return words[3] === "tower-guard" && Number(parent) === Deno.pid;
      } catch {
        return false; // it is no process, or ended just now
      }
    }).length;
  const programs = [1, 2, 3].map(() => runner.spawn({ argv: ["cat"], endsWithOwner: true }));
  assertEquals(guards(), 1);
  for (const program of programs) {
    await program.stdin.close();
    assertEquals(await program.ended, { kind: "exited", code: 0 });
  }
  assertEquals(guards(), 0);
  await runner.run({ argv: ["true"], endsWithOwner: true });
  assertEquals(guards(), 0);
});
