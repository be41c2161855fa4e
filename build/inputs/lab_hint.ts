import config from "../../deno.json" with { type: "json" };

/** Whether the program is run from a clone: `deno task compile` puts a commit into its copy of the file. */
export const IS_FROM_SOURCES = !("commit" in config);

/**
 * How the lab repository comes to be. Only the sources have the task that makes it, of the packages of
 * a Debian: a compiled program, which may run anywhere, has neither.
 */
export function labHint(isFromSources: boolean = IS_FROM_SOURCES): string {
  return isFromSources
    ? "make the lab repository first: deno task lab"
    : "only a clone of the sources makes the lab repository, on Debian; here give --repository URL " +
      "and --keys DIR of an Alpine mirror";
}
