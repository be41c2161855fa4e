/** Characters that a terminal shows at once. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * What shows a text from the top of a terminal, in place of all before. It is to be written at
 * once: nothing is erased before something stands in its place, so nothing flickers. What is too
 * wide is cut, what is too long counted. (ECMA-48: CUP, EL, ED.)
 */
export function screenful(text: string, { columns, rows }: ScreenSize): string {
  const lines = text.trimEnd().split("\n");
  const room = Math.max(1, rows - 1); // the cursor stands on the last one
  const shown = lines.length <= room
    ? lines
    : [...lines.slice(0, room - 1), `and ${lines.length - room + 1} lines more`];
  return `\x1b[H${shown.map((line) => `${line.slice(0, columns)}\x1b[K\n`).join("")}\x1b[J`;
}
