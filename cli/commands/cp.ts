import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `cp SRC... DST`: files to a host or from it. */
export function cpCommand(env: Env, ending: Ending) {
  return new Command("cp")
    .description("Copy files to a host or from it, over SSH. The exit status is scp's.")
    .argument("<[host:]path...>", "sources, then the destination; HOST:PATH is on a host")
    .option("-r, --recursive", "folders too, with all they hold", false)
    .option("-p, --preserve", "keep times and modes", false)
    .option("--dry-run", "show the command line of scp", false)
    .action(async (paths, { recursive, preserve, dryRun }) => {
      if (paths.length < 2) {
        throw new TowerError("usage", `Cannot copy "${paths[0]}": there is no destination`, {
          hint: "such as: tower cp report.txt vault: or tower cp vault:report.txt .",
        });
      }
      const { copyFiles } = await import("../copy.ts");
      const quiet = ending.verbosity === "quiet";
      ending.code = await copyFiles(paths, { recursive, preserve, quiet, dryRun }, env);
    });
}
