/** Characters that a terminal shows at once. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A line of a screen. */
export interface Line {
  /** Printable ASCII. */
  readonly text: string;
  /** Whether it stands out, where the terminal can do that. */
  readonly isBold: boolean;
}

/** All that a screen shows. */
export interface Frame {
  readonly lines: readonly Line[];
  /** Where the cursor stands; from 0. */
  readonly cursor: { readonly row: number; readonly column: number };
}

const ESC = "\x1b[";

/** Shows nothing, with the cursor at the top (ECMA-48: CUP, ED, SGR). */
export const CLEAR = `${ESC}0m${ESC}H${ESC}J`;

/**
 * What turns one screen into the next: the changed part of each changed line, as a serial line takes a
 * millisecond for each character. No more than a VT100 knows (ECMA-48: CUP, EL, SGR 0 and 7).
 * @param before undefined where anything may show
 */
export function repaint(before: Frame | undefined, after: Frame): string {
  const text = after.lines.map((line, row) => {
    const old = before?.lines[row] ?? { text: "", isBold: false };
    if (old.text === line.text && old.isBold === line.isBold) return "";
    const same = old.isBold || line.isBold ? 0 : commonLength(old.text, line.text);
    const rest = line.text.slice(same);
    const shown = line.isBold ? `${ESC}7m${rest}${ESC}0m` : rest;
    return `${at(row, same)}${shown}${old.text.length > line.text.length ? `${ESC}K` : ""}`;
  }).join("");
  const gone = (before?.lines ?? []).slice(after.lines.length);
  const erased = gone.some(({ text }) => text !== "") ? `${at(after.lines.length, 0)}${ESC}J` : "";
  const { row, column } = after.cursor;
  return `${before === undefined ? CLEAR : ""}${text}${erased}${at(row, column)}`;
}

/**
 * The same for a terminal that cannot move its cursor up: the line that is typed into alone, or, where
 * anything else changed, all lines anew with that one at their end.
 */
export function reprint(before: Frame | undefined, after: Frame): string {
  const current = (frame: Frame) => frame.lines[frame.cursor.row]?.text ?? "";
  const others = (frame: Frame) =>
    frame.lines.filter((_, row) => row !== frame.cursor.row).map(({ text }) => text)
      .filter((text) => text !== "");
  const line = current(after);
  if (before !== undefined && others(before).join("\n") === others(after).join("\n")) {
    return `\r${line}${" ".repeat(Math.max(0, current(before).length - line.length))}`;
  }
  return `${["", "", ...others(after)].join("\r\n")}\r\n${line}`;
}

function at(row: number, column: number): string {
  return `${ESC}${row + 1};${column + 1}H`;
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
