import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { TowerError } from "../errors.ts";
import { RecordingRunner } from "./recording_runner.ts";

Deno.test("RecordingRunner records commands and answers by program", async () => {
  const runner = new RecordingRunner({ uname: { stdout: "Linux\n" } });
  const { stdout } = await runner.run({ argv: ["uname", "-s"] });
  assertEquals(new TextDecoder().decode(stdout), "Linux\n");
  assertEquals(runner.commands.map((c) => c.argv), [["uname", "-s"]]);
});

Deno.test("RecordingRunner fails as a real program does: code, tail, secrets hidden", async () => {
  const runner = new RecordingRunner({
    tool: { code: 3, stderr: "bad key hunter2\nlast line\n" },
  });
  const error = await assertRejects(
    () => runner.run({ argv: ["tool", "hunter2"], secretArgs: [1] }),
    TowerError,
  );
  assertEquals(error.code, "tool");
  assertEquals(
    error.message,
    'Cannot run "tool ***": it ended with exit code 3\n  bad key ***\n  last line',
  );
});

Deno.test("RecordingRunner accepts the codes that the command calls no failure", async () => {
  const runner = new RecordingRunner({ fsck: { code: 1 } });
  const { ending } = await runner.run({ argv: ["fsck"], okCodes: [0, 1] });
  assertEquals(ending, { kind: "exited", code: 1 });
});

Deno.test("RecordingRunner tells a signal from an exit code", async () => {
  const runner = new RecordingRunner({ tool: { signal: "SIGKILL" } });
  const error = await assertRejects(() => runner.run({ argv: ["tool"] }), TowerError);
  assertStringIncludes(error.message, "it was ended by SIGKILL");
});

Deno.test("RecordingRunner lacks every program that is not scripted", async () => {
  const runner = new RecordingRunner();
  assertEquals(runner.which("mke2fs"), undefined);
  const error = await assertRejects(() => runner.run({ argv: ["mke2fs"] }), TowerError);
  assertStringIncludes(error.message, 'there is no program "mke2fs"');
});
