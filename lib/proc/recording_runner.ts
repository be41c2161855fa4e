import type { Command, CommandResult, Ending, Runner, RunningProcess } from "./command.ts";
import { assertOk, missingProgram } from "./failure.ts";

/** How a scripted program answers; an exit code 0 without output by default. */
export interface Answer {
  readonly code?: number;
  readonly signal?: string;
  readonly stdout?: string | Uint8Array;
  readonly stderr?: string | Uint8Array;
}

/** An answer, or how to make one from the command. */
export type Script = Answer | ((command: Command) => Answer);

/**
 * A runner for tests: starts nothing, records every command, answers by program name. A program
 * without a script is missing, as on a machine that lacks it.
 */
export class RecordingRunner implements Runner {
  readonly commands: Command[] = [];
  readonly #scripts: ReadonlyMap<string, Script>;

  constructor(scripts: Readonly<Record<string, Script>> = {}) {
    this.#scripts = new Map(Object.entries(scripts));
  }

  which(program: string): string | undefined {
    return this.#scripts.has(program) ? `/usr/bin/${program}` : undefined;
  }

  run(command: Command): Promise<CommandResult> {
    try {
      const result = this.#answer(command);
      assertOk(command, result);
      return Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  spawn(command: Command): RunningProcess {
    return new RecordedProcess(this.#answer(command));
  }

  #answer(command: Command): CommandResult {
    this.commands.push(command);
    const script = this.#scripts.get(command.argv[0]);
    if (script === undefined) throw missingProgram(command);
    const answer = typeof script === "function" ? script(command) : script;
    const ending: Ending = answer.signal === undefined
      ? { kind: "exited", code: answer.code ?? 0 }
      : { kind: "signalled", signal: answer.signal };
    return { ending, stdout: bytesOf(answer.stdout), stderr: bytesOf(answer.stderr) };
  }
}

class RecordedProcess implements RunningProcess {
  readonly pid = 1;
  readonly stdin = new WritableStream<Uint8Array>();
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly ended: Promise<Ending>;

  constructor(result: CommandResult) {
    this.stdout = ReadableStream.from([result.stdout]);
    this.stderr = ReadableStream.from([result.stderr]);
    this.ended = Promise.resolve(result.ending);
  }

  kill(): void {}

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function bytesOf(output: string | Uint8Array = ""): Uint8Array {
  return typeof output === "string" ? new TextEncoder().encode(output) : output;
}
