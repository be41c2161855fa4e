import { CommandFailure, NotUnderstood, type ShellHost } from "./host.ts";
import type { Redirect } from "./syntax.ts";

/** Where output goes: nowhere, or to somebody who reads it. */
export interface Stream {
  readonly kept: boolean;
  write(text: string): void;
}
const TERMINAL: Stream = { kept: false, write() {} };

/** Descriptors of a command. */
export interface Streams {
  readonly input: Input | undefined;
  readonly out: Stream;
  readonly err: Stream;
  /** Descriptors from 3 on. */
  readonly more: ReadonlyMap<number, Stream>;
}

export const NOBODY: Streams = { input: undefined, out: TERMINAL, err: TERMINAL, more: new Map() };

/** Keeps what is written to it. */
export class Buffer implements Stream {
  readonly kept = true;
  text = "";
  write(text: string): void {
    this.text += text;
    if (this.text.length > 1 << 20) throw new NotUnderstood("output of more than a megabyte");
  }
}

/** What commands read, one of them: where in it another would go on nobody follows. */
export class Input {
  #isTaken = false;
  constructor(readonly text: string) {}

  take(): string {
    if (this.#isTaken) throw new NotUnderstood("input that is read twice");
    this.#isTaken = true;
    return this.text;
  }
}

/** A file that a redirection cannot open. */
export class RedirectFailure {
  constructor(readonly words: string, readonly cause: CommandFailure) {}
}

/**
 * Descriptors after redirections, in their order.
 *
 * @param expand Gives a redirection's target as text.
 * @throws {RedirectFailure} where a file cannot be opened.
 */
export function redirected(
  redirects: readonly Redirect[],
  streams: Streams,
  host: ShellHost,
  expand: (target: Redirect["target"]) => string,
): Streams {
  let { input, out, err } = streams;
  const more = new Map(streams.more);
  const streamOf = (descriptor: string): Stream => {
    const stream = descriptor === "1" ? out : descriptor === "2" ? err : more.get(+descriptor);
    if (stream === undefined) throw new NotUnderstood(`descriptor ${descriptor}`);
    return stream;
  };
  for (const { from, operator, target } of redirects) {
    const text = expand(target);
    if (operator === "<<" || operator === "<" || operator === "<&") {
      if (from !== 0 || operator === "<&") throw new NotUnderstood(`${from}${operator}${text}`);
      input = new Input(operator === "<<" ? text : openInput(text, host));
      continue;
    }
    const stream = operator === ">&" ? streamOf(text) : openOutput(text, operator === ">>", host);
    if (from === 1) out = stream;
    else if (from === 2) err = stream;
    else if (from > 2) more.set(from, stream);
    else throw new NotUnderstood(`${from}${operator}`);
  }
  return { input, out, err, more };
}

function openInput(path: string, host: ShellHost): string {
  return path === "/dev/null" ? "" : opened(`<${path}`, () => host.read(path));
}

function openOutput(path: string, append: boolean, host: ShellHost): Stream {
  if (path === "/dev/null") return TERMINAL;
  // The file is there, and empty, before the command runs.
  opened(`>${path}`, () => host.write(path, "", append));
  return { kept: true, write: (piece) => host.write(path, piece, true) };
}

function opened<T>(words: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw error instanceof CommandFailure ? new RedirectFailure(words, error) : error;
  }
}
