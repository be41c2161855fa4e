import { assertEquals } from "@std/assert";
import type { Env } from "../env.ts";
import { TowerError } from "../errors.ts";
import { fileError, FULL_DISK_HINT } from "../files/file_error.ts";
import { runToEnd } from "./run_to_end.ts";

Deno.test("a program's own hint stands in place of the general one, and nowhere else", async () => {
  const full = fileError("write", "/x", Object.assign(new Error(), { code: "ENOSPC" }));
  const bare = new TowerError("no-space", "Cannot write to the image: it is full");
  const small = new TowerError("no-space", "Cannot fill it", { hint: "5 MiB are enough" });
  const own = { [FULL_DISK_HINT]: "Use --roomy" };
  assertEquals(
    await told(full),
    'error: Cannot write "/x": the disk is full\n  hint: Free some space, or choose another folder\n',
  );
  assertEquals(
    await told(full, own),
    'error: Cannot write "/x": the disk is full\n  hint: Use --roomy\n',
  );
  assertEquals(await told(small, own), "error: Cannot fill it\n  hint: 5 MiB are enough\n");
  assertEquals(await told(bare, own), "error: Cannot write to the image: it is full\n");
});

Deno.test("a signal is told alone, not what it ended; where something is to be done, that is", async () => {
  const signal = new TowerError("interrupted", "Cannot go on: SIGINT was received");
  const program = new TowerError("interrupted", 'Cannot run "x": interrupted', { cause: signal });
  const outer = new TowerError("interrupted", "Cannot build", { cause: program });
  for (const error of [signal, program, outer]) {
    assertEquals(await told(error, {}, 130), "error: Cannot go on: SIGINT was received\n");
  }
  const torn = new TowerError("interrupted", "Cannot use it", { hint: "Mend it", cause: program });
  assertEquals((await told(torn, {}, 130)).split("\n").at(-2), "  hint: Mend it");
});

async function told(error: TowerError, hints = {}, code = 1): Promise<string> {
  let text = "";
  const sink = { write: (part: string) => void (text += part) };
  const env = { stdout: sink, stderr: sink, notes: sink, explain() {} } as unknown as Env;
  assertEquals(await runToEnd(env, () => Promise.reject(error), hints), code);
  return text;
}
