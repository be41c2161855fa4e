import { TowerError } from "../errors.ts";

/** Most lines of a part. */
const MOST_LINES = 2000;

/** Texts by name: a line `=name`, then the text's lines, each behind a `|`. */
export function partsOf(
  text: string,
  mostLines = MOST_LINES,
): ReadonlyMap<string, readonly string[]> {
  const parts = new Map<string, string[]>();
  let lines: string[] | undefined;
  for (const line of text.split("\n")) {
    const name = /^=([a-z0-9-]{1,20})$/.exec(line)?.[1];
    if (name !== undefined) parts.set(name, lines = []);
    else if (lines && line !== "") lines.push(line.replace(/^\|/, ""));
    if ((lines?.length ?? 0) > mostLines) {
      throw new TowerError("malformed", `Cannot read the answer: over ${mostLines} lines`);
    }
  }
  return parts;
}

/** Texts as one input for a script that takes each out by `sed -n 's/^NAME|//p'`. */
export function namedInput(files: Readonly<Record<string, string>>): Uint8Array {
  const lines = Object.entries(files).map(([name, text]) =>
    text.split("\n").slice(0, -1).map((line) => `${name}|${line}\n`).join("")
  );
  return new TextEncoder().encode(lines.join(""));
}
