import { TowerError } from "../errors.ts";
import { concat } from "../bytes/bytes.ts";
import type { Command, CommandResult, Ending, Runner, RunningProcess } from "./command.ts";
import { assertOk, describe, missingProgram } from "./failure.ts";
import { type Child, gated, GUARD, OwnerGuard } from "./owner_guard.ts";
import { untilAborted } from "./until_aborted.ts";

/** Debian and Alpine keep mke2fs and the like here and leave it out of a plain user's PATH. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
const OUTPUT_LIMIT = 16 << 20;

export interface DenoRunnerOptions {
  /** Ends every program that this runner starts. */
  readonly signal?: AbortSignal;
  /** Milliseconds between SIGTERM and SIGKILL; 2000 by default. */
  readonly grace?: number;
}

/** Where a program's three streams go. */
interface Streams {
  readonly stdin: "piped" | "null" | "inherit";
  readonly output: "piped" | "null" | "inherit";
}

/**
 * Runs programs of this machine, each in a session of its own, so that ending one also ends what
 * it started. A program that has the terminal stays in our session, as job control needs.
 */
export function denoRunner(options: DenoRunnerOptions = {}): Runner {
  const folders = searchPath();
  const grace = options.grace ?? 2000;
  const which = (program: string) => findProgram(program, folders);
  const launch = (command: Command, streams: Streams) =>
    start(command, which(command.argv[0]), folders, streams);
  const guard = new OwnerGuard(() => launch({ argv: GUARD }, { stdin: "piped", output: "null" }));
  const guarded = (command: Command): Child => {
    const program = which(command.argv[0]);
    if (program === undefined) throw missingProgram(command);
    // Its input is also how it is let begin.
    return guard.watch(launch(gated(command, program), { stdin: "piped", output: "piped" }));
  };
  const spawn = (command: Command, streams: Streams) =>
    new DenoProcess(
      command.endsWithOwner ? guarded(command) : launch(command, streams),
      streams,
      grace,
    );
  return {
    which,
    async run(command, { signal, outputLimit = OUTPUT_LIMIT } = {}) {
      const ending = anySignal(command, options.signal, signal);
      await using child = spawn(command, {
        stdin: command.stdin ? "piped" : "null",
        output: "piped",
      });
      const result = await untilAborted(collect(child, command, outputLimit), ending)
        .catch((error) => {
          throw ending.aborted ? interrupted(command, ending.reason) : error;
        });
      assertOk(command, result);
      return result;
    },
    spawn(command, { signal, stdio = "pipe" } = {}) {
      const ending = anySignal(command, options.signal, signal);
      const child = stdio === "pipe"
        ? spawn(command, { stdin: "piped", output: "piped" })
        : spawn(command, { stdin: command.stdin ? "piped" : "inherit", output: "inherit" });
      child.endOn(ending);
      if (command.stdin) feed(child, command.stdin).catch(() => {}); // its ending tells
      return child;
    },
  };
}

class DenoProcess implements RunningProcess {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  readonly #child: Child;
  readonly #isLeader: boolean;
  readonly #grace: number;
  #isOver = false;

  constructor(child: Child, streams: Streams, grace: number) {
    this.#child = child;
    this.#isLeader = ownsSession(streams);
    this.#grace = grace;
    this.pid = child.pid;
    this.ended = child.status.then((status) => {
      this.#isOver = true;
      return status.signal === null
        ? { kind: "exited", code: status.code }
        : { kind: "signalled", signal: status.signal };
    });
  }

  get stdin() {
    return this.#child.stdin;
  }
  get stdout() {
    return this.#child.stdout;
  }
  get stderr() {
    return this.#child.stderr;
  }

  kill(signal: "SIGTERM" | "SIGKILL" | "SIGINT"): void {
    if (this.#isOver) return;
    try {
      Deno.kill(this.#isLeader ? -this.pid : this.pid, signal);
    } catch (error) {
      // ESRCH: it ended just now. EPERM: it changed its user (sudo) and ends by itself.
      if (!(error instanceof Deno.errors.NotFound)) this.#child.kill(signal);
    }
  }

  endOn(signal: AbortSignal): void {
    const end = () => void this[Symbol.asyncDispose]();
    signal.addEventListener("abort", end, { once: true });
    void this.ended.then(() => signal.removeEventListener("abort", end));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    this.kill("SIGTERM");
    const timer = setTimeout(() => this.kill("SIGKILL"), this.#grace);
    await this.ended;
    clearTimeout(timer);
  }
}

function ownsSession(streams: Streams): boolean {
  return streams.output !== "inherit";
}

function start(
  command: Command,
  program: string | undefined,
  folders: readonly string[],
  streams: Streams,
): Deno.ChildProcess {
  if (program === undefined) throw missingProgram(command);
  try {
    return new Deno.Command(program, {
      args: command.argv.slice(1),
      clearEnv: true,
      env: cleanVariables(folders, command.variables),
      stdin: streams.stdin,
      stdout: streams.output,
      stderr: streams.output,
      detached: ownsSession(streams),
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    }).spawn();
  } catch (cause) {
    throw new TowerError("tool", `Cannot start "${describe(command)}"`, { cause });
  }
}

function cleanVariables(
  folders: readonly string[],
  variables: Command["variables"],
): Record<string, string> {
  return {
    PATH: folders.join(":"),
    HOME: Deno.env.get("HOME") ?? "/",
    TERM: Deno.env.get("TERM") ?? "dumb",
    LANG: "C.UTF-8",
    ...variables,
  };
}

function searchPath(): string[] {
  // An empty part means the working directory (POSIX XBD 8.3), which no program should come from.
  const own = (Deno.env.get("PATH") ?? "/usr/local/bin:/usr/bin:/bin").split(":");
  return [...new Set([...own, ...SYSTEM_FOLDERS])].filter((folder) => folder.startsWith("/"));
}

function findProgram(program: string, folders: readonly string[]): string | undefined {
  if (program.includes("/")) return program;
  return folders.map((folder) => `${folder}/${program}`).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch {
    return false;
  }
}

function anySignal(command: Command, ...signals: (AbortSignal | undefined)[]): AbortSignal {
  const any = AbortSignal.any(signals.filter((signal) => signal !== undefined));
  if (any.aborted) throw interrupted(command, any.reason);
  return command.endsByItself ? new AbortController().signal : any;
}

function interrupted(command: Command, cause: unknown): TowerError {
  return new TowerError("interrupted", `Cannot run "${describe(command)}": interrupted`, { cause });
}

/** Reads both outputs to their end while the program is fed. */
async function collect(
  child: RunningProcess,
  command: Command,
  limit: number,
): Promise<CommandResult> {
  const read = async (name: string, stream: ReadableStream<Uint8Array>) => {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of stream) {
      size += part.length;
      if (size > limit) {
        throw new TowerError(
          "limit",
          `Cannot run "${describe(command)}": its ${name} is longer than ${limit} bytes`,
        );
      }
      parts.push(part);
    }
    return concat(parts);
  };
  const [stdout, stderr] = await Promise.all([
    read("output", child.stdout),
    read("error output", child.stderr),
    command.stdin ? feed(child, command.stdin) : undefined,
  ]);
  return { ending: await child.ended, stdout, stderr };
}

/** Gives a program its input. One that ends before it has read all is no error. */
async function feed(child: RunningProcess, bytes: Uint8Array): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    if (bytes.length > 0) await writer.write(bytes);
    await writer.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
