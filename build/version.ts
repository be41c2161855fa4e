import config from "../deno.json" with { type: "json" };

/** The version of both programs. */
export const VERSION: string = config.version;

/** The libraries that make compressed bytes, with their versions. */
export const DEPENDENCIES = {
  gzip: named(config.imports.fflate),
  zstd: named(config.imports["@hpcc-js/wasm-zstd"]),
} as const;

/** `npm:fflate@0.8.3` as `fflate 0.8.3`. */
function named(specifier: string): string {
  return specifier.replace(/^npm:/, "").replace(/@([^@]+)$/, " $1");
}
