import type { Command } from "./command.ts";
import guardScript from "./guard.sh" with { type: "text" };

/** A child process, as the runtime has it or as one that is watched. */
export interface Child {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly status: Promise<{ readonly code: number; readonly signal: string | null }>;
  kill(signal: "SIGTERM" | "SIGKILL" | "SIGINT"): void;
}

/** Begins when it is let, by a line; not at all where its owner ended before that. */
const GATE = 'IFS= read -r _ && exec "$@"';

/** A command that begins once it has read a line, and leaves the rest of its input to the program. */
export function gated(command: Command, program: string): Command {
  return { ...command, argv: ["sh", "-c", GATE, "sh", program, ...command.argv.slice(1)] };
}

const line = (text: string) => new TextEncoder().encode(`${text}\n`);

/** What ends children whose owner is gone: a process beside them, with a pipe from the owner. */
export const GUARD = ["sh", "-c", guardScript, "tower-guard"] as const;

/** A guard that runs, and what it is told. */
interface Guard {
  readonly word: WritableStreamDefaultWriter<Uint8Array>;
  readonly status: Promise<unknown>;
  watched: number;
}

/** Watches children with one guard for all that run at once. */
export class OwnerGuard {
  #guard: Guard | undefined;

  constructor(private readonly start: () => Child) {}

  /**
   * Has a gated child watched, and then lets it begin: there is no moment at which it runs and nobody
   * would end it. Its status is there once the guard has let go of it.
   */
  watch(child: Child): Child {
    const guard = this.#guard ??= this.#open();
    guard.watched++;
    const input = child.stdin.getWriter();
    const begun = guard.word.write(line(`watch ${child.pid}`)).then(() => input.write(line("")));
    begun.catch(() => {}); // it was ended before it began
    return {
      pid: child.pid,
      stdin: new WritableStream({
        write: (bytes) => begun.then(() => input.write(bytes)),
        close: () => begun.then(() => input.close()),
      }),
      stdout: child.stdout,
      stderr: child.stderr,
      status: child.status.then(async (status) => {
        await input.close().catch(() => {}); // it may be closed already
        await this.#letGo(guard, child.pid);
        return status;
      }),
      kill: (signal) => child.kill(signal),
    };
  }

  #open(): Guard {
    const { stdin, status } = this.start();
    return { word: stdin.getWriter(), status, watched: 0 };
  }

  async #letGo(guard: Guard, pid: number): Promise<void> {
    await guard.word.write(line(`over ${pid}`)).catch(() => {}); // somebody ended the guard
    if (--guard.watched > 0) return;
    if (this.#guard === guard) this.#guard = undefined;
    await guard.word.close().catch(() => {});
    await guard.status;
  }
}
