import type { ShellHost } from "./host.ts";
import { Interpreter } from "./interpreter.ts";
import { ShellState } from "./state.ts";
import { NOBODY } from "./streams.ts";
import type { List } from "./syntax.ts";

/** How a script ended. */
export interface ShellEnd {
  readonly status: number;
  /** The last command that failed, as its words and what it said. */
  readonly failed: string | undefined;
}

/**
 * Runs a parsed script on a system, as ash would.
 *
 * @param options.positional `$1` and on. `variables`: what the caller's environment holds.
 * @throws {NotUnderstood} at the first thing that is reached and cannot be done exactly.
 */
export function runShell(
  list: List,
  host: ShellHost,
  options: {
    readonly positional: readonly string[];
    readonly variables: Readonly<Record<string, string>>;
    readonly errexit: boolean;
    /** Takes what the script prints; by default nobody reads it. */
    readonly out?: (text: string) => void;
  },
): ShellEnd {
  const state = new ShellState(Object.entries(options.variables), options.positional);
  state.errexit = options.errexit;
  const shell = new Interpreter(host, state);
  const { out } = options;
  const streams = out ? { ...NOBODY, out: { kept: true, write: out } } : NOBODY;
  const status = shell.subshell(() => shell.list(list, streams, false));
  return { status, failed: status === 0 ? undefined : shell.failed };
}
