/** What a packed program is started with beside the user's words and variables. */
export interface Start {
  /** Beginnings of variables that the runtime does not get. */
  readonly hidden: readonly string[];
  /** Variables that it gets, as `NAME=value`. One that the user set shows as `\x01AME`. */
  readonly variables: readonly string[];
  /** A script that lies in the program, and the words that make the runtime run it. */
  readonly script?: { readonly words: readonly string[]; readonly bytes: Uint8Array };
}

/** Nothing can be made there, by root either. */
const NOWHERE = "/proc/none";

/** Deno tells each of its databases that it cannot make at {@linkcode NOWHERE}, on a terminal alone. */
const QUIET = "DENO_LOG=error,deno::cache::cache_db=off";

/**
 * What Deno, its parts and the C library read for themselves; npm's names are read in both cases.
 * A program's own settings are its options.
 */
const HIDDEN = [
  "DENO_",
  "DENORT_",
  "NODE_",
  "NPM_",
  "npm_",
  "JSR_",
  "OTEL_",
  "RUST_",
  "SSLKEYLOGFILE=",
  "GLIBC_TUNABLES=",
];

/**
 * How V8 keeps its memory, workers' too. A tree has millions of small values that live to the end: at
 * V8's own sizes of the young generation and pace of growth they cost twice as much memory as they
 * take, and save a twentieth of the time (docs/performance.md). `deno task tower-build` has it too.
 */
export const V8_FLAGS = "--v8-flags=--max-semi-space-size=8,--heap-growing-percent=25";

/** Where the runtime is Deno's denort: the script comes with it. */
export const DENORT_START: Start = { hidden: HIDDEN, variables: [`DENO_DIR=${NOWHERE}`, QUIET] };

/**
 * Words for `deno`, up to the path of the script. All permissions: Deno wants all of them for what
 * lies in /dev, /proc and /sys (https://docs.deno.com/runtime/fundamentals/security).
 */
const DENO_WORDS = [
  ...["deno", "run", "--quiet", "--allow-all", "--no-prompt", "--no-config", "--no-lock"],
  V8_FLAGS,
  ...["--no-npm", "--no-remote", "--cached-only", "--no-code-cache", "--no-check", "--ext=js"],
];

/**
 * Stands before the script that `deno` runs. It looks for ~/.npmrc before it begins, whatever it
 * is told, so that HOME is the user's only from here on.
 */
const GIVE_HOME_BACK = `{const e=Deno.env,h=e.get("\\x01OME");e.delete("\\x01OME");` +
  `h===undefined?e.delete("HOME"):e.set("HOME",h)}\n`;

/** Where the runtime is `deno` itself. */
export function denoStart(script: string): Start {
  return {
    hidden: HIDDEN,
    variables: [`DENO_DIR=${NOWHERE}`, QUIET, `HOME=${NOWHERE}`, "DENO_NO_UPDATE_CHECK=1"],
    script: { words: DENO_WORDS, bytes: new TextEncoder().encode(GIVE_HOME_BACK + script) },
  };
}
