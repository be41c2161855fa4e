import type { ShellHost } from "./host.ts";
import type { ShellState } from "./state.ts";
import type { Streams } from "./streams.ts";
import type { List } from "./syntax.ts";

/** A shell in the middle of a script, as its builtins see and change it. */
export interface RunningShell {
  readonly host: ShellHost;
  readonly state: ShellState;
  /** `$?` */
  status: number;
  /** Values to put back when a function returns. */
  readonly locals: Map<string, string | undefined>[];
  /** How deep in loops. */
  readonly loops: number;
  /** How deep in files that `.` reads. */
  sources: number;
  /** Runs a list; `tested`: somebody looks at its status, so that errexit does not end it. */
  list(list: List, streams: Streams, tested: boolean): void;
  /** Runs a function, a builtin or a program. */
  call(argv: readonly [string, ...string[]], streams: Streams, tested: boolean): void;
}
