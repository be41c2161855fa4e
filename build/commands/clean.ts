import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";

/** `clean`: the content store without what was not used for long. */
export function cleanCommand(env: Env) {
  return new Command("clean")
    .description(
      "Remove from the cache what builds have not used for long, and tell its size. Artifacts stay.",
    )
    .addOption(
      new Option("--older-than <age>", "what was used since stays: days or weeks, such as 30d, 2w")
        .argParser(age).default(30, "30d"),
    )
    .option("--dry-run", "tell what would be removed", false)
    .option("--json", "as JSON", false)
    .action(async ({ olderThan, dryRun, json }) => {
      const { cleanCache } = await import("../engine/cleaning.ts");
      await cleanCache({ days: olderThan, dryRun, json }, env);
    });
}

/** In days. A build that runs may need what was used today. */
function age(text: string): number {
  const match = /^([1-9][0-9]{0,3})([dw])$/.exec(text);
  if (match) return Number(match[1]) * (match[2] === "w" ? 7 : 1);
  throw new InvalidArgumentError("It must be days or weeks, 1d at least, such as 30d or 2w.");
}
