import { assertEquals } from "@std/assert";
import { tempDir } from "../../lib/store/files.ts";

const childProgram = new URL("../support/env_child.ts", import.meta.url).pathname;

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

/** Where this Deno keeps its modules: the child's HOME is another one. */
function denoDir(): string {
  return Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
}
