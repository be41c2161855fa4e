import { Command } from "@commander-js/extra-typings";
import { resolve } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { helpEnd } from "../../lib/program/help_layout.ts";

/** `extract`: a file or a folder out of an image. */
export function extractCommand(env: Env) {
  return new Command("extract")
    .description("Write a file or a folder of an image to this computer, without mounting it.")
    .argument("<image>", "an image of any maker; colons lead inside, as with show-tree")
    .argument("<path>", "the file or folder in it; / is all of it")
    .option("--partition <partition>", "of a disk image: its number or name")
    .option("--output <path>", "what is written, which must not exist (default: the name of PATH)")
    .addHelpText(
      "after",
      helpEnd(
        "What is written belongs to you, with its modes and times, but without setuid and " +
          "setgid. A folder with devices or pipes is refused.",
      ),
    )
    .action(async (image, path, { partition, output }) => {
      const { extractFromImage } = await import("../image/extract.ts");
      const whole = output === undefined ? undefined : resolve(env.cwd, output);
      await extractFromImage({ image, path, partition, output: whole }, env);
    });
}
