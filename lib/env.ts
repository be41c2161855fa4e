import { TowerError } from "./errors.ts";
import type { Runner } from "./proc/command.ts";
import { denoRunner } from "./proc/deno_runner.ts";
import type { TextSink } from "./report/text_sink.ts";
import { createFetcher, type FetcherOptions } from "./store/fetcher.ts";
import { PATIENCE, type Patience } from "./store/patience.ts";
import type { Fetcher } from "./store/ports.ts";

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
  /** Absolute path of the working directory. */
  readonly cwd: string;
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
  /** How long a server may take. */
  readonly patience: Patience;
  /** Makes a fetcher that the signal ends. */
  fetcher(options: Pick<FetcherOptions, "offline">): Fetcher;
}

/** The machine, as it is. */
export function realEnv(): Env {
  const signal = signalOfUser();
  const errors = fileSink(Deno.stderr);
  const home = Deno.env.get("HOME") ?? "/";
  const cache = Deno.env.get("XDG_CACHE_HOME");
  return {
    args: Deno.args,
    stdout: fileSink(Deno.stdout),
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
    cwd: Deno.cwd(),
    home,
    etc: "/etc",
    share: "/usr/share",
    // A relative path is to be ignored (XDG Base Directory Specification).
    cacheDir: `${cache?.startsWith("/") ? cache : `${home}/.cache`}/tower`,
    processors: navigator.hardwareConcurrency,
    signal,
    runner: denoRunner({ signal }),
    variable: (name) => Deno.env.get(name),
    ask: (question) => askLine(question, signal),
    patience: PATIENCE,
    fetcher: ({ offline }) => createFetcher({ offline, patience: PATIENCE, signal }),
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

function fileSink(file: { writeSync(bytes: Uint8Array): number }): TextSink {
  const encoder = new TextEncoder();
  let isOpen = true;
  return {
    write(text) {
      const bytes = encoder.encode(text);
      for (let done = 0; isOpen && done < bytes.length;) {
        try {
          done += file.writeSync(bytes.subarray(done));
        } catch (error) {
          // The reader left, as `head` does: the work goes on without it.
          if (error instanceof Deno.errors.BrokenPipe) isOpen = false;
          // A program that shares the terminal, such as QEMU, may have made it non-blocking.
          else if (error instanceof Deno.errors.WouldBlock) pause(1);
          else throw error;
        }
      }
    },
  };
}

/** A terminal hands over whole lines; what a pipe holds beyond the first is left out. */
async function askLine(question: string, signal: AbortSignal): Promise<string | undefined> {
  fileSink(Deno.stderr).write(question);
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  const bytes = new Uint8Array(4096);
  try {
    const n = await Promise.race([Deno.stdin.read(bytes), aborted.promise]);
    return n === null ? undefined : new TextDecoder().decode(bytes.subarray(0, n)).split("\n")[0];
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Blocks for some milliseconds. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Of now: a window may change. */
function terminalSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || 80, rows: rows || 24 };
  } catch {
    return { columns: 80, rows: 24 }; // no terminal
  }
}
