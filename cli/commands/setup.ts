import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `setup`: the thin client of a live medium on a disk of this machine. */
export function setupCommand(env: Env, ending: Ending) {
  return new Command("setup")
    .description(
      "Set up a thin client on a disk, from its live medium. All is asked on the terminal, and nothing is " +
        "written before you agree to it (PCs with UEFI; only root may).",
    )
    .option(
      "--answers <file>",
      "ask nothing: YAML with disk (a serial number, or a path below /dev/disk/by-id), username, password and " +
        "perhaps erase (what is on the disk may be lost), hostname, encryption, keyboard-layout, " +
        "keyboard-variant, timezone, lang: docs/thin-client.md",
    )
    .option("--ask", "ask for what the answers leave out", false)
    .option("--dry-run", "look at everything, write nothing, and show what would be done", false)
    .option("--json", "events on stderr and the result on stdout as JSON", false)
    .action(async (options) => {
      const { runSetup } = await import("../setup.ts");
      await runSetup(options, env, ending);
    });
}
