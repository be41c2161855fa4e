/**
 * Text as any terminal shows it, a column for each character: printable ASCII. Accents are left away; what
 * else there is, control characters too, becomes a question mark.
 */
export function plainText(text: string): string {
  return text.normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[\u2018\u2019]/g, "'")
    .replaceAll(/[^\x20-\x7e]/gu, "?");
}

/** Lines of at most `width` characters, broken at blanks, or inside what is longer than a line. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (let word of text.split(" ").filter((w) => w !== "")) {
    if (line !== "" && line.length + 1 + word.length <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== "") lines.push(line);
    for (; word.length > width; word = word.slice(width)) lines.push(word.slice(0, width));
    line = word;
  }
  return line === "" ? lines : [...lines, line];
}
