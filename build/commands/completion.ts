import { Argument, Command } from "@commander-js/extra-typings";
import { describeCommand } from "../../lib/completion/command_tree.ts";
import { completionAdvice, completionScript, SHELLS } from "../../lib/completion/scripts.ts";
import { FILES, type ObjectTable } from "../../lib/completion/objects.ts";
import { ARCHES } from "../../lib/brand.ts";
import type { Env } from "../../lib/env.ts";
import { helpEnd } from "../../lib/program/help_layout.ts";

/** What stands for values and arguments by their names in the help. */
export function objectTable(systems: readonly string[]): ObjectTable {
  return {
    ...FILES,
    arch: { words: ARCHES },
    system: { words: systems, files: "manifests" },
    image: { words: systems, files: "all" },
    what: { words: systems, files: "all" },
    device: { files: "all" },
    key: { files: "all" },
    tree: { files: "folders" },
    before: { files: "all" },
    after: { files: "all" },
  };
}

/** `completion SHELL`: a script that makes the shell complete this program's command lines. */
export function completionCommand(env: Env): Command<[(typeof SHELLS)[number]]> {
  return new Command("completion")
    .description("Print a script that completes this program's commands in a shell.")
    .addArgument(new Argument("<shell>", "the shell it is for").choices(SHELLS))
    .addHelpText("after", helpEnd(completionAdvice("tower-build")))
    .action(async (shell, _options, command) => {
      const { manifestFiles } = await import("../inputs/inputs.ts");
      const systems = manifestFiles("/").systemNames();
      env.stdout.write(
        completionScript(describeCommand(command.parent!), shell, objectTable(systems)),
      );
    });
}
