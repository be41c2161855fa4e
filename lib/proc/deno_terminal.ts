import { TypedLine } from "./typed_line.ts";
import { untilAborted } from "./until_aborted.ts";

/**
 * Keeps what is typed at this program's terminal from showing, and line feeds from moving its
 * cursor, until it is disposed. Keys that send signals go on to do so. What is typed meanwhile is
 * left to whoever reads next.
 *
 * A program in the background that changes its terminal is stopped (POSIX.1-2024, XBD 11.1.4): it
 * is left alone then.
 */
export function hushTerminal(): Disposable {
  return hushed() ?? { [Symbol.dispose]() {} };
}

/**
 * Reads a line of which nothing shows; undefined at the end of what is typed.
 * @returns {@linkcode NO_TERMINAL} where it would show all the same, and nothing was read
 */
export async function readHiddenLine(
  signal: AbortSignal,
): Promise<string | undefined | typeof NO_TERMINAL> {
  using silence = hushed();
  if (silence === undefined) return NO_TERMINAL;
  const line = new TypedLine();
  const keys = new Uint8Array(256);
  for (;;) {
    const n = await untilAborted(Deno.stdin.read(keys), signal);
    const typed = n === null ? "ended" : line.feed(keys.subarray(0, n));
    if (typed !== undefined) return typed === "ended" ? undefined : typed.line;
  }
}

export const NO_TERMINAL = Symbol("no terminal");

/** As {@linkcode hushTerminal}; undefined where the terminal is not this program's to change. */
export function hushed(): Disposable | undefined {
  return setEcho(false) ? { [Symbol.dispose]: () => void setEcho(true) } : undefined;
}

function setEcho(shows: boolean): boolean {
  if (!Deno.stdin.isTerminal() || !isInForeground()) return false;
  try {
    Deno.stdin.setRaw(!shows, { cbreak: true });
    return true;
  } catch {
    return false; // it hung up
  }
}

/** Whether this program's group is the terminal's (proc(5), stat: fields 5 and 8). */
function isInForeground(): boolean {
  try {
    // The program's name in field 2 may hold blanks and parentheses.
    const fields = Deno.readTextFileSync("/proc/self/stat").replace(/^.*\) /s, "").split(" ");
    return fields[2] === fields[5];
  } catch {
    return false;
  }
}

/** Of now: a window may change. Without a terminal it is that of the first ones. */
export function terminalSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || 80, rows: rows || 24 };
  } catch {
    return { columns: 80, rows: 24 }; // no terminal
  }
}
