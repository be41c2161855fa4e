import { Command } from "@commander-js/extra-typings";
import { describeCommand } from "../../lib/completion/command_tree.ts";
import type { Env } from "../../lib/env.ts";
import { manualPage, manualText } from "../../lib/manual/manual_page.ts";
import { EXIT_CODES } from "../exit_codes.ts";
import { VERSION } from "../version.ts";

/** `manual`: all commands and options of this program in one text. */
export function manualCommand(env: Env): Command<[], { roff?: true }> {
  return new Command("manual")
    .description("Print the manual: all commands and options.")
    .option("--roff", "as a page for man(1)")
    .action(({ roff }, command) => {
      const program = describeCommand(command.parent!);
      const facts = { version: VERSION, exitCodes: EXIT_CODES };
      env.stdout.write(roff ? manualPage(program, facts) : manualText(program, facts));
    });
}
