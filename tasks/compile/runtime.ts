import type { Runner } from "../../lib/proc/command.ts";
import { TowerError } from "../../lib/errors.ts";
import { findDenort } from "./denort.ts";
import type { Machine } from "./elf_layout.ts";
import { fetchNpmRuntime } from "./npm_runtime.ts";

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

/**
 * Gets the runtime for a machine: `denort`, where Deno has it or can download it, else the `deno`
 * of npm's registry. It is said which.
 *
 * @throws {TowerError} `not-found` where there is none.
 */
export async function findRuntime(machine: Machine, context: RuntimeContext): Promise<Runtime> {
  const { kind, version, say } = context;
  if (kind !== "deno") {
    const search = await findDenort(machine, context);
    if ("found" in search) {
      say(`${machine}: deno compile with denort ${version} (${search.found.origin})`);
      return search.found;
    }
    if (kind === "denort") {
      throw new TowerError("not-found", `Cannot find denort for ${machine}: ${search.why}`, {
        hint: "name a file by DENORT_BIN, or let npm's deno do: --runtime deno",
      });
    }
    say(`${machine}: no denort ${version}: ${search.why}`);
  }
  const runtime = await fetchNpmRuntime(machine, context);
  say(`${machine}: deno ${version} of npm, with the program as its script`);
  return runtime;
}
