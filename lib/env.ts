import { TowerError } from "./errors.ts";
import type { Runner } from "./proc/command.ts";
import { denoRunner } from "./proc/deno_runner.ts";
import { untilAborted } from "./proc/until_aborted.ts";
import type { TextSink } from "./report/text_sink.ts";
import { createFetcher, type FetcherOptions } from "./fetch/fetcher.ts";
import { PATIENCE, type Patience } from "./fetch/patience.ts";
import type { Fetcher } from "./fetch/port.ts";
import { terminalKeys } from "./proc/deno_keys.ts";
import type { Keys } from "./proc/keys.ts";
import { hushTerminal, NO_TERMINAL, readHiddenLine, terminalSize } from "./proc/deno_terminal.ts";

/** All that a program takes from the machine it runs on. Tests give their own. */
export interface Env {
  /** The arguments after the program's name. */
  readonly args: readonly string[];
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** Whether somebody can be asked. */
  readonly stdinIsTerminal: boolean;
  /** Progress, warnings, advice: what is neither result nor error. Goes to standard error too. */
  readonly notes: TextSink;
  /** Tells a decision to a user who wants to know why; to others nothing. */
  explain(message: string): void;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Width of the terminal in characters. */
  readonly columns: number;
  /** Its height in lines. */
  readonly rows: number;
  /** Absolute path of the working directory. @throws {TowerError} where it was removed. */
  readonly cwd: string;
  /** An absolute path. @throws {TowerError} `usage` where nothing tells it. */
  readonly home: string;
  /** Where the machine's settings lie: /etc. */
  readonly etc: string;
  /** Where its data lie that no program changes: /usr/share. */
  readonly share: string;
  /** Where contents are kept between runs. */
  readonly cacheDir: string;
  readonly processors: number;
  /** Aborted by SIGINT, SIGTERM and SIGHUP, with a {@linkcode TowerError} `interrupted`. */
  readonly signal: AbortSignal;
  /** Starts programs; the signal ends them. */
  readonly runner: Runner;
  variable(name: string): string | undefined;
  /** Asks on standard error for a line of standard input; undefined where that has ended. */
  ask(question: string): Promise<string | undefined>;
  /** As {@linkcode ask}, for what nobody is to see on the screen. */
  askSecret(question: string): Promise<string | undefined>;
  /** Keeps what is typed from showing while the terminal is drawn on. */
  hush(): Disposable;
  /** Has the terminal hand over each key. @throws {TowerError} `usage` where it is another program's. */
  keys(): Keys;
  /** How long a server may take. */
  readonly patience: Patience;
  /** Makes a fetcher that the signal ends. */
  fetcher(options: Omit<FetcherOptions, "signal" | "sleep">): Fetcher;
}

/** The machine, as it is. */
export function realEnv(): Env {
  const signal = signalOfUser();
  const errors = errorSink();
  return {
    args: Deno.args,
    stdout: outputSink(),
    stderr: errors,
    notes: errors,
    explain() {},
    stdinIsTerminal: Deno.stdin.isTerminal(),
    stdoutIsTerminal: Deno.stdout.isTerminal(),
    stderrIsTerminal: Deno.stderr.isTerminal(),
    get columns() {
      return terminalSize().columns;
    },
    get rows() {
      return terminalSize().rows;
    },
    get cwd() {
      return workingFolder();
    },
    get home() {
      return homeFolder();
    },
    etc: "/etc",
    share: "/usr/share",
    get cacheDir() {
      const cache = Deno.env.get("XDG_CACHE_HOME");
      // A relative path is to be ignored (XDG Base Directory Specification).
      return `${cache?.startsWith("/") ? cache : `${homeFolder()}/.cache`}/tower`;
    },
    processors: navigator.hardwareConcurrency,
    signal,
    runner: denoRunner({ signal }),
    variable: (name) => Deno.env.get(name),
    ask: (question) => askLine(question, signal),
    askSecret: (question) => askHidden(question, signal),
    hush: hushTerminal,
    keys: () => terminalKeys(signal),
    patience: PATIENCE,
    fetcher: (options) => createFetcher({ patience: PATIENCE, ...options, signal }),
  };
}

/** The first signal asks for an orderly end; a second one ends the program at once. */
function signalOfUser(): AbortSignal {
  const abort = new AbortController();
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const handlers = names.map((name) => () => {
    names.forEach((n, i) => Deno.removeSignalListener(n, handlers[i]!));
    abort.abort(new TowerError("interrupted", `Cannot go on: ${name} was received`));
  });
  names.forEach((name, i) => Deno.addSignalListener(name, handlers[i]!));
  return abort.signal;
}

/** The result of a program: what cannot be written is an error, a reader that left is none. */
function outputSink(): TextSink {
  let isClosed = false;
  return {
    get isClosed() {
      return isClosed;
    },
    write(text) {
      if (isClosed) return;
      try {
        writeAll(Deno.stdout, text);
      } catch (cause) {
        isClosed = true;
        // The reader left, as `head` does: the work goes on without it.
        if (cause instanceof Deno.errors.BrokenPipe) return;
        throw new TowerError("io", "Cannot write the output", { cause });
      }
    },
  };
}

/** Messages. Where they cannot go there is nobody to tell, and the work goes on. */
function errorSink(): TextSink {
  let isClosed = false;
  return {
    write(text) {
      if (isClosed) return;
      try {
        writeAll(Deno.stderr, text);
      } catch {
        isClosed = true;
      }
    },
  };
}

function writeAll(file: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) {
    try {
      done += file.writeSync(bytes.subarray(done));
    } catch (error) {
      // A program that shares the terminal, such as QEMU, may have made it non-blocking.
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      pause(1);
    }
  }
}

function workingFolder(): string {
  try {
    return Deno.cwd();
  } catch (cause) {
    throw new TowerError("not-found", "Cannot tell the working directory", {
      cause,
      hint: "it may have been removed: go to another one with cd",
    });
  }
}

/** HOME, or what the machine's list of users says (passwd(5)), as a service may lack the variable. */
function homeFolder(): string {
  const said = Deno.env.get("HOME") || listedHome();
  if (said?.startsWith("/")) return said;
  throw new TowerError("usage", `Cannot use the home folder "${said ?? ""}"`, {
    hint: "HOME must be an absolute path",
  });
}

function listedHome(): string | undefined {
  try {
    const line = new RegExp(`^[^:]*:[^:]*:${Deno.uid()}:[^:]*:[^:]*:([^:]*):`, "m");
    return line.exec(Deno.readTextFileSync("/etc/passwd"))?.[1];
  } catch {
    return undefined; // no such list
  }
}

/** A terminal hands over whole lines; what a pipe holds beyond the first is left out. */
async function askLine(question: string, signal: AbortSignal): Promise<string | undefined> {
  errorSink().write(question);
  const bytes = new Uint8Array(4096);
  try {
    const n = await untilAborted(Deno.stdin.read(bytes), signal);
    return n === null ? undefined : new TextDecoder().decode(bytes.subarray(0, n)).split("\n")[0];
  } catch (error) {
    // The terminal stands behind the question.
    if (error === signal.reason && Deno.stdin.isTerminal()) errorSink().write("\n");
    throw error;
  }
}

async function askHidden(question: string, signal: AbortSignal): Promise<string | undefined> {
  if (!Deno.stdin.isTerminal()) return await askLine(question, signal);
  errorSink().write(question);
  try {
    const line = await readHiddenLine(signal);
    if (line !== NO_TERMINAL) return line;
  } finally {
    errorSink().write("\n");
  }
  throw new TowerError("usage", "Cannot ask: what is typed would show", {
    hint: "run the program in the foreground, or give the answer by an option",
  });
}

/** Blocks for some milliseconds. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
