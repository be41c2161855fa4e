import type { Runner } from "../../lib/proc/command.ts";

/** What a one-file program runs on. */
export interface Runtime {
  /** `denort` of `deno compile`, or `deno` itself, which is told to run a script. */
  readonly kind: RuntimeKind;
  readonly bytes: Uint8Array;
  /** Deno's. */
  readonly version: string;
  /** Where it comes from. */
  readonly origin: "DENORT_BIN" | "download" | "npm";
}

export const RUNTIME_KINDS = ["denort", "deno"] as const;
export type RuntimeKind = typeof RUNTIME_KINDS[number];

/** Where to look. */
export interface RuntimeContext {
  readonly runner: Runner;
  /** The `deno` that runs, and its version. */
  readonly deno: string;
  readonly version: string;
  /** Value of DENORT_BIN. */
  readonly given: string | undefined;
  /** The one to take; the first that can be had where undefined. */
  readonly kind?: RuntimeKind | undefined;
  /** Folder that downloads stay in. */
  readonly cacheDir: string;
  readonly say: (line: string) => void;
}
