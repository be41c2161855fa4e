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

/** What ends a child whose owner is gone: a process beside it, with a pipe from the owner. */
export const GUARD = ["sh", "-c", guardScript, "tower-guard"] as const;

/** Begins when it is let, by a line; not at all where its owner ended before that. */
const GATE = 'IFS= read -r _ && exec "$@"';

/** A command that begins once it has read a line, and leaves the rest of its input to the program. */
export function gated(command: Command, program: string): Command {
  return { ...command, argv: ["sh", "-c", GATE, "sh", program, ...command.argv.slice(1)] };
}

/**
 * Has a guard watch a gated child, and then lets that begin: there is no moment at which it runs
 * and nobody would end it. Its status is there once the guard has left too.
 */
export function guardedBy(guard: Child, child: Child): Child {
  const [word, input] = [guard.stdin.getWriter(), child.stdin.getWriter()];
  const line = (text: string) => new TextEncoder().encode(`${text}\n`);
  const begun = word.write(line(String(child.pid))).then(() => input.write(line("")));
  begun.catch(() => {}); // it was ended before it began
  const leave = async () => {
    for (const end of [() => input.close(), () => word.write(line("over")), () => word.close()]) {
      await end().catch(() => {}); // closed already, or nobody reads any more
    }
    await guard.status;
  };
  return {
    pid: child.pid,
    stdin: new WritableStream({
      write: (bytes) => begun.then(() => input.write(bytes)),
      close: () => begun.then(() => input.close()),
    }),
    stdout: child.stdout,
    stderr: child.stderr,
    status: child.status.then(async (status) => {
      await leave();
      return status;
    }),
    kill: (signal) => child.kill(signal),
  };
}
