import { Argument, Command } from "@commander-js/extra-typings";
import { ARCHES } from "../../lib/brand.ts";
import { describeCommand } from "../../lib/completion/command_tree.ts";
import { completionAdvice, completionScript, SHELLS } from "../../lib/completion/scripts.ts";
import { FILES, type ObjectTable } from "../../lib/completion/objects.ts";
import type { Env } from "../../lib/env.ts";
import { helpEnd } from "../../lib/program/help_layout.ts";

/** What stands for values and arguments by their names in the help. */
export const OBJECTS: ObjectTable = {
  ...FILES,
  "host": { hosts: "" },
  "node": { words: ["thinclient"], hosts: "" },
  "arch": { words: ARCHES },
  "role|host": { words: ["thinclient", "router", "online", "offline"], hosts: "" },
  "from": { words: ["thinclient", "internet"], hosts: "" },
  "to": { words: ["thinclient", "internet"], hosts: "" },
  "[host:]path": { hosts: ":", files: "all" },
};

/** `completion SHELL`: a script that makes the shell complete this program's command lines. */
export function completionCommand(env: Env): Command<[(typeof SHELLS)[number]]> {
  return new Command("completion")
    .description("Print a script that completes this program's commands in a shell.")
    .addArgument(new Argument("<shell>", "the shell it is for").choices(SHELLS))
    .addHelpText("after", helpEnd(completionAdvice("tower")))
    .action((shell, _options, command) => {
      env.stdout.write(completionScript(describeCommand(command.parent!), shell, OBJECTS));
    });
}
