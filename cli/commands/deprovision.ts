import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { helpEnd } from "../../lib/program/help_layout.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `deprovision NAME`: a host leaves the inventory. */
export function deprovisionCommand(env: Env, ending: Ending) {
  return new Command("deprovision")
    .description("Power a host off and forget it: its keys, its address, its configuration.")
    .argument("<host>")
    .option("--no-confirm", "do not ask for the name again")
    .option("--dry-run", "show what would be done", false)
    .option("--json", "as JSON", false)
    .action(async (name, options) => {
      const { deprovision } = await import("../deprovision.ts");
      await deprovision(name, options, env, ending);
    })
    .addHelpText(
      "after",
      helpEnd("Its disks are not wiped; without its keys nobody can open them."),
    );
}
