import { assertEquals } from "@std/assert";
import { quietWords } from "./quiet_words.ts";
import { RecordingRunner } from "./recording_runner.ts";

Deno.test("a program becomes root's by doas, else by sudo, where neither asks; else not at all", async () => {
  const asked = { code: 1 }, quiet = { code: 0 };
  for (
    const [programs, words] of [
      [{ doas: quiet, sudo: quiet }, ["doas", "-n"]],
      [{ doas: asked, sudo: quiet }, ["sudo", "-n"]],
      [{ doas: asked, sudo: asked }, undefined],
      [{}, undefined],
    ] as const
  ) assertEquals(await quietWords(new RecordingRunner(programs)), words);
});
