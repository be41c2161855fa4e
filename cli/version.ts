import config from "../deno.json" with { type: "json" };

/** `deno task compile` adds these to the copy that it bundles. */
const made: { readonly version: string; readonly commit?: string; readonly target?: string } =
  config;

/** The version of both programs. */
export const VERSION: string = made.version;

/** Version, commit and target, as `--version` shows them. */
export const VERSION_TEXT = made.commit === undefined
  ? `tower ${made.version} (run from its sources)`
  : `tower ${made.version} (commit ${made.commit}, ${made.target})`;
