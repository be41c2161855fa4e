import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { MACHINES } from "./with_sources.ts";

/** `uninstall HOST… PACKAGE…`: what was asked for, and what nothing else needs. */
export function uninstallCommand(env: Env, ending: Ending) {
  return new Command("uninstall")
    .description("Take packages off hosts, with what nothing else needs.")
    .usage("[options] <node...> <pkg...>")
    .argument("<node>", MACHINES)
    .argument("<pkg...>", "names of their worlds")
    .option("--dry-run", "show what would change", false)
    .option("--json", "as JSON", false)
    .action(async (host, words, options) => {
      const { uninstallPackages } = await import("../packages/uninstall.ts");
      await uninstallPackages([host, ...words], options, { env, ending });
    });
}
