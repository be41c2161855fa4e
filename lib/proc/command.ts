/** A program to run: argv, never a shell string. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  /** Bytes for standard input; without it the program reads /dev/null. Secrets go here. */
  readonly stdin?: Uint8Array;
  /** Variables beside the clean set (PATH, HOME, TERM, LANG=C.UTF-8). */
  readonly variables?: Readonly<Record<string, string>>;
  /** Exit codes that are no failure; [0] by default. */
  readonly okCodes?: readonly number[];
  /**
   * Ends when this program does, also by SIGKILL, with all that it started; for what waits on a
   * network, and would wait on. (Not for a program that is given the terminal.)
   */
  readonly endsWithOwner?: true;
  /** No signal ends it, for what must not be left half done; whoever runs it waits. */
  readonly endsByItself?: true;
  /** Indexes of `argv` that are never shown. */
  readonly secretArgs?: readonly number[];
}

/** How a program ended. A signal is not an exit code. */
export type Ending =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signalled"; readonly signal: string };

export interface CommandResult {
  readonly ending: Ending;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Most bytes kept of each stream (16 MiB by default); more is an error. */
  readonly outputLimit?: number;
}

/** A program that runs. Disposing it ends it: SIGTERM, then SIGKILL after a grace time. */
export interface RunningProcess extends AsyncDisposable {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly ended: Promise<Ending>;
  kill(signal: "SIGTERM" | "SIGKILL" | "SIGINT"): void;
}

export interface SpawnOptions {
  /** `inherit` gives the program the terminal; `pipe` (default) gives streams. */
  readonly stdio?: "pipe" | "inherit";
  readonly signal?: AbortSignal;
}

/** Runs programs. `deno_runner.ts` is the only implementation that starts one. */
export interface Runner {
  /**
   * Runs to the end and collects the output.
   * @throws {TowerError} `tool` when the program is missing, is killed, or ends with a code that
   * is not in `okCodes`; the message shows the quoted argv and the last lines of its output.
   */
  run(command: Command, options?: RunOptions): Promise<CommandResult>;
  spawn(command: Command, options?: SpawnOptions): RunningProcess;
  /** The absolute path of a program on PATH, or undefined. */
  which(program: string): string | undefined;
}
