import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";

/** `upgrade`: a thin client on a disk, from a later medium. */
export function upgradeCommand(env: Env) {
  return new Command("upgrade")
    .description(
      "Upgrade this thin client from the signed image of a later medium. It is written beside the system that " +
        "runs, tried at the next start, and stays once somebody has logged in; one that does not work is left " +
        "by itself. What is in /home is not touched. Only root may.",
    )
    .requiredOption(
      "--image <path>",
      "the .iso with SHA256SUMS and SHA256SUMS.sig beside it, a folder with these, or the stick they are on",
    )
    .option(
      "--signers <file>",
      "public keys of which one must have signed it (default: image_signers in ~/.local/tower)",
    )
    .option("--allow-older", "take an older version, or another system, too", false)
    .option("--dry-run", "check everything, write nothing, and show what would be done", false)
    .option("--json", "events on stderr and the result on stdout as JSON", false)
    .action(async (options) => {
      const { runUpgrade } = await import("../upgrade.ts");
      await runUpgrade(options, env);
    });
}
