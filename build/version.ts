import config from "../deno.json" with { type: "json" };

/** `deno task compile` adds these to the copy that it bundles. */
const made: { readonly version: string; readonly commit?: string; readonly target?: string } =
  config;

/** The version of both programs. */
export const VERSION: string = made.version;

/** The library that makes gzip, with its version. */
export const GZIP_LIBRARY: string = named(config.imports.fflate);

/** `npm:fflate@0.8.3` as `fflate 0.8.3`. */
function named(specifier: string): string {
  return specifier.replace(/^npm:/, "").replace(/@([^@]+)$/, " $1");
}

/** Version, commit and target, as `--version` shows them. */
export const VERSION_TEXT = made.commit === undefined
  ? `tower-build ${made.version} (run from its sources)`
  : `tower-build ${made.version} (commit ${made.commit}, ${made.target})`;
