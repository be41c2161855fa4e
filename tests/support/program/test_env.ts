import type { Env } from "../../../lib/env.ts";
import type { Typed } from "../../../lib/proc/keys.ts";
import type { Runner } from "../../../lib/proc/command.ts";
import { RecordingRunner } from "../../../lib/proc/recording_runner.ts";
import { createFetcher } from "../../../lib/fetch/fetcher.ts";
import { tempDir } from "../../../lib/files/files.ts";
import { PATIENCE, type Patience } from "../../../lib/fetch/patience.ts";

/** What a test may say about the machine; the rest is an empty one without terminal or programs. */
export interface TestEnvOptions {
  readonly args?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly runner?: Runner;
  readonly signal?: AbortSignal;
  readonly columns?: number;
  readonly isTerminal?: boolean;
  readonly patience?: Patience;
  /** What the user answers, question by question; then the input has ended. */
  readonly answers?: readonly string[];
  /** What the user types at a screen; then the terminal hangs up. */
  readonly typed?: readonly Typed[];
  /** What happens while the user thinks about each. */
  readonly onQuestion?: () => void | Promise<void>;
  /** A home that is there already. */
  readonly home?: string;
}

/** An {@linkcode Env} in temporary folders that captures output. Dispose it at the test's end. */
export interface TestEnv extends Env, Disposable {
  /** What went to standard output so far. */
  readonly out: string;
  /** What went to standard error so far. */
  readonly err: string;
  /** The temporary folder that holds `cwd`, `home` and `cacheDir`. */
  readonly dir: string;
}

export function testEnv(options: TestEnvOptions = {}): TestEnv {
  const dir = tempDir();
  const written = { out: "", err: "" };
  const folder = (name: string) => {
    Deno.mkdirSync(`${dir.path}/${name}`);
    return `${dir.path}/${name}`;
  };
  const signal = options.signal ?? new AbortController().signal;
  const { patience = PATIENCE } = options;
  const answers = [...options.answers ?? []];
  const typed = [...options.typed ?? []];
  const errors = { write: (text: string) => void (written.err += text) };
  const ask = async (question: string) => {
    written.err += question;
    await options.onQuestion?.();
    return answers.shift();
  };
  return {
    dir: dir.path,
    get out() {
      return written.out;
    },
    get err() {
      return written.err;
    },
    args: options.args ?? [],
    stdout: { write: (text) => void (written.out += text) },
    stderr: errors,
    notes: errors,
    explain() {},
    stdinIsTerminal: options.isTerminal ?? false,
    stdoutIsTerminal: options.isTerminal ?? false,
    stderrIsTerminal: options.isTerminal ?? false,
    columns: options.columns ?? 80,
    rows: 24,
    cwd: folder("cwd"),
    home: options.home ?? folder("home"),
    etc: folder("etc"),
    share: folder("share"),
    cacheDir: folder("cache"),
    processors: 2,
    signal,
    runner: options.runner ?? new RecordingRunner(),
    variable: (name) => options.variables?.[name],
    ask,
    askSecret: ask,
    hush: () => ({ [Symbol.dispose]() {} }),
    keys: () => ({
      next: () => Promise.resolve(typed.shift() ?? { kind: "ended" }),
      [Symbol.dispose]() {},
    }),
    patience,
    fetcher: (options) => createFetcher({ patience, ...options, signal }),
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}
