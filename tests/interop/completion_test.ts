import { assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import { commandTree as buildTree } from "../../build/root.ts";
import { commandTree as towerTree } from "../../cli/root.ts";
import { newEnding } from "../../lib/program/ending.ts";
import { describeCommand } from "../../lib/completion/command_tree.ts";
import { completionScript, type Shell } from "../../lib/completion/scripts.ts";
import { manualPage } from "../../lib/manual/manual_page.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { testEnv } from "../support/test_env.ts";

const runner = denoRunner();
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function judged(tool: string, name: string, fn: () => Promise<void>): void {
  const isMissing = runner.which(tool) === undefined;
  Deno.test({ name: isMissing ? `${name} (skipped: no ${tool})` : name, ignore: isMissing, fn });
}

function programs() {
  using env = testEnv();
  return {
    "tower": describeCommand(towerTree(env)),
    "tower-build": describeCommand(buildTree(env, newEnding())),
  };
}

/** What a shell proposes at the end of a line, the words given one by one. */
async function proposed(shell: Shell, program: keyof ReturnType<typeof programs>, words: string[]) {
  const script = completionScript(programs()[program], shell);
  const drivers = {
    bash: [
      "bash",
      "-c",
      'source /dev/stdin; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); ' +
      '$(complete -p "$1" | sed -n "s/.*-F \\([^ ]*\\).*/\\1/p"); printf "%s\\n" "${COMPREPLY[@]}"',
    ],
    // fish asks its own machinery.
    fish: [
      "fish",
      "-c",
      'source -; complete -C (string join " " -- $argv) | string split -f1 \\t; true',
    ],
  };
  const driver = drivers[shell as keyof typeof drivers];
  const name = shell === "bash" ? ["driver"] : [];
  const { stdout } = await runner.run({
    argv: [driver[0]!, ...driver.slice(1), ...name, program, ...words],
    stdin: new TextEncoder().encode(script),
  });
  return text(stdout).trim().split("\n").filter((line) => line !== "");
}

for (const shell of ["bash", "fish"] as const) {
  judged(shell, `${shell} completes commands, their options and limited values`, async () => {
    assertEquals(await proposed(shell, "tower", ["comp"]), ["completion"]);
    assertEquals((await proposed(shell, "tower", ["completion", ""])).sort(), [
      "bash",
      "fish",
      "zsh",
    ]);
    assertEquals((await proposed(shell, "tower-build", ["repo", ""])).sort(), ["index", "pack"]);
    assertEquals((await proposed(shell, "tower-build", ["boot", "--firmware", ""])).sort(), [
      "bios",
      "uefi",
    ]);
    assertEquals(await proposed(shell, "tower-build", ["repo", "pack", "--inf"]), ["--info"]);
  });
}

for (const shell of ["bash", "zsh", "fish"] as const) {
  judged(shell, `${shell} accepts the scripts of both programs`, async () => {
    for (const program of Object.values(programs())) {
      const stdin = new TextEncoder().encode(completionScript(program, shell));
      const { stderr } = await runner.run({ argv: [shell, "-n", "/dev/stdin"], stdin });
      assertEquals(text(stderr), "");
    }
  });
}

judged("groff", "groff has nothing to say about the manual pages", async () => {
  for (const [name, program] of Object.entries(programs())) {
    const page = manualPage(program, { version: "1.0", exitCodes: [[0, "done"]] });
    const { stdout, stderr } = await runner.run({
      argv: ["groff", "-man", "-Tutf8", "-ww", "-P-cbou"],
      stdin: new TextEncoder().encode(page),
    });
    assertEquals(text(stderr), "");
    assertStringIncludes(text(stdout), `${name} completion`);
    assertNotMatch(text(stdout), /\\e|\\\(dq/);
  }
});
