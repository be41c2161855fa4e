import { assertEquals } from "@std/assert";
import { tempDir } from "../../../lib/files/files.ts";

const childProgram = new URL("../../support/program/env_child.ts", import.meta.url).pathname;

function child(task: string, env: Record<string, string> = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", childProgram, task],
    env,
    stdout: "piped",
    stderr: "piped",
  });
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("the cache is in XDG_CACHE_HOME, or in ~/.cache if that is no absolute path", async () => {
  using dir = tempDir();
  const cases = [[`${dir.path}/c`, `${dir.path}/c/tower`], ["c", `${dir.path}/.cache/tower`]];
  for (const [cache, want] of cases) {
    const env = { HOME: dir.path, XDG_CACHE_HOME: cache!, DENO_DIR: denoDir() };
    const { stdout } = await child("show", env).output();
    assertEquals(JSON.parse(text(stdout)), [want, dir.path, Deno.cwd(), false, 80]);
  }
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`${signal} ends the programs that run and is told as interrupted`, async () => {
    const process = child("sleep").spawn();
    const reader = process.stdout.getReader();
    await reader.read();
    process.kill(signal);
    const { value } = await reader.read();
    assertEquals(text(value!), `interrupted Cannot go on: ${signal} was received\n`);
    assertEquals((await process.status).code, 0);
    await reader.cancel();
    await process.stderr.cancel();
  });
}

Deno.test("a reader of the output that leaves, as head does, breaks nothing", async () => {
  const process = child("write").spawn();
  const reader = process.stdout.getReader();
  await reader.read();
  await reader.cancel();
  assertEquals(text(await process.stderr.bytes()), "all written\n");
  assertEquals((await process.status).code, 0);
});

Deno.test("a removed working directory and a home that is none are told, once they are asked for", async () => {
  const cases: [task: string, env: Record<string, string>, said: string][] = [
    ["gone", {}, "Cannot tell the working directory"],
    ["home", { HOME: "here" }, 'Cannot use the home folder "here"'],
    ["home", { HOME: "" }, passwdHome()],
  ];
  for (const [task, env, said] of cases) {
    const { stdout } = await child(task, { ...env, DENO_DIR: denoDir() }).output();
    assertEquals(text(stdout), said);
  }
});

for (const program of ["tower", "tower-build"]) {
  Deno.test(`${program} says that its output cannot be written, and outlives lost messages`, async () => {
    const main = new URL(
      `../../../${program === "tower" ? "cli" : "build"}/main.ts`,
      import.meta.url,
    );
    const run = async (script: string, ...args: string[]) => {
      const argv = [Deno.execPath(), "run", "-A", "--no-check", main.pathname, ...args];
      const shell = new Deno.Command("sh", { args: ["-c", script, "sh", ...argv] });
      const { code, stderr } = await shell.output();
      return { code, err: text(stderr) };
    };
    for (const args of [["--version"], ["--help"], ["completion", "bash"]]) {
      assertEquals(await run('exec "$@" >/dev/full', ...args), {
        code: 1,
        err: "error: Cannot write the output\n  because: No space left on device (os error 28)\n",
      });
      assertEquals((await run('exec "$@" >&-', ...args)).code, 0);
    }
    assertEquals((await run('exec "$@" 2>/dev/full', "frob")).code, 2);
    assertEquals((await run('exec "$@" <&- >&- 2>&-', "frob")).code, 2);
    assertEquals(await run('"$@" | head -n 1 >/dev/null', "manual"), { code: 0, err: "" });
  });
}

Deno.test("temporary folders of killed programs are removed by the next, those of others stay", async () => {
  using dir = tempDir();
  const start = async () => {
    const process = child("temporary", { TMPDIR: dir.path }).spawn();
    const reader = process.stdout.getReader();
    const path = text((await reader.read()).value!);
    reader.releaseLock();
    return { path, process };
  };
  const end = async ({ process }: { process: Deno.ChildProcess }) => {
    process.kill("SIGKILL");
    await process.output();
  };
  const [killed, living] = [await start(), await start()];
  Deno.mkdirSync(`${dir.path}/tower-notes`);
  await end(killed);
  const next = await start();
  const names = Array.from(Deno.readDirSync(dir.path), ({ name }) => `${dir.path}/${name}`);
  assertEquals(names.sort(), [living.path, next.path, `${dir.path}/tower-notes`].sort());
  await Promise.all([end(living), end(next)]);
});

/** What the machine's list of users says. */
function passwdHome(): string {
  const lines = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
  return lines.find((fields) => fields[2] === String(Deno.uid()))![5]!;
}

/** Where this Deno keeps its modules: the child's HOME is another one. */
function denoDir(): string {
  return Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
}
