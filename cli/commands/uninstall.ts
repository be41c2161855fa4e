import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `uninstall HOST PACKAGE…`: what was asked for, and what nothing else needs. */
export function uninstallCommand(env: Env, ending: Ending) {
  return new Command("uninstall")
    .description("Take packages off a host, with what nothing else needs.")
    .argument("<host>", "its name")
    .argument("<pkg...>", "names of its world")
    .option("--dry-run", "show what would change", false)
    .option("--json", "as JSON", false)
    .action(async (host, packages, options) => {
      const { uninstallPackages } = await import("../packages/uninstall.ts");
      await uninstallPackages(host, packages, options, { env, ending });
    });
}
