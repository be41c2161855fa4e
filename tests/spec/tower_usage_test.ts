import { assertEquals, assertStringIncludes } from "@std/assert";
import { commandTree } from "../../cli/root.ts";
import { RecordingRunner } from "../../lib/proc/recording_runner.ts";
import { assertGolden } from "../support/program/golden.ts";
import { TowerProgram } from "../support/fleet/tower_program.ts";

Deno.test("the help of tower and of each of its commands is what it was", async () => {
  using program = new TowerProgram({ runner: new RecordingRunner() });
  const commands = commandTree(program.env).commands.flatMap((command) => [
    [command.name()],
    ...command.commands.map((child) => [command.name(), child.name()]),
  ]);
  for (const words of [[], ...commands]) {
    const { code, out, err } = await program.run(...words, "--help");
    assertEquals([code, err], [0, ""], words.join(" "));
    assertGolden(`help/${["tower", ...words].join("-")}.txt`, out);
  }
});

Deno.test("every command takes --quiet and --verbose, before its name too", async () => {
  using program = new TowerProgram({ runner: new RecordingRunner() });
  for (const args of [["list", "--verbose"], ["--verbose", "list"], ["list", "-v"]]) {
    const { code, err } = await program.run(...args);
    assertEquals(code, 0);
    assertEquals(err.split("\n"), [
      "detail: 0 hosts are known in DIR/home/.local/tower",
      "Make one with: tower provision NAME",
      "",
    ]);
  }
  for (const args of [["list", "-q"], ["-q", "list"], ["list", "-q", "-v"], ["-q", "list", "-v"]]) {
    // Both together ask for neither.
    const err = args.includes("-v") ? "Make one with: tower provision NAME\n" : "";
    assertEquals(await program.run(...args), { code: 0, out: "No host found.\n", err });
  }
  const { err } = await program.run("status", "nobody", "--quiet");
  assertStringIncludes(err, 'Cannot find host "nobody"');
});
