import { TowerError } from "../errors.ts";

/** Most bytes of a list: some 40,000 files. */
export const SUMS_LIMIT = 4 << 20;

/** A line of a list of digests. */
export interface SumsLine {
  /** The file's name or path as it stands there, a character for each byte, unescaped. */
  readonly name: string;
  /** 64 lower-case hexadecimal digits. */
  readonly hex: string;
}

/** `DIGEST  NAME`, `DIGEST *NAME` or, as old BSDs wrote it, `DIGEST NAME`. */
const PLAIN = /^[ \t]*(\\?)([0-9a-fA-F]{64})[ \t](.+)$/s;
/** `SHA256 (NAME) = DIGEST`, as sha256sum --tag, BSDs and OpenSSL write it. */
const TAGGED = /^[ \t]*(\\?)SHA256 ?\((.*)\)[ \t]*=[ \t]*([0-9a-fA-F]{64})$/s;

/**
 * Reads a list of digests in all the forms that `sha256sum --strict -c` of coreutils 9.1 takes
 * (split_3 in src/digest.c): lines of both orders, empty ones, comments, a carriage return at the
 * end of each, names that are escaped. A NUL, at which sha256sum would end a name, is refused.
 *
 * @param path For messages.
 * @throws {TowerError} `malformed` with the first line that is none of these.
 */
export function readSumsLines(bytes: Uint8Array, path: string): SumsLine[] {
  const lines: SumsLine[] = [];
  // A list has names behind one blank or behind two characters: else a name that begins with a
  // blank could be taken for another.
  let isShort: boolean | undefined;
  for (const [i, text] of byteText(bytes).split("\n").entries()) {
    const line = text.replace(/\r$/, "");
    if (line === "" || line.startsWith("#")) continue;
    const [, tagEscape, tagged, tagHex] = TAGGED.exec(line) ?? [];
    const [, escape = tagEscape, hex = tagHex, rest = ""] = PLAIN.exec(line) ?? [];
    let written = tagged;
    if (written === undefined && rest !== "") {
      const looksShort = rest.length === 1 || !/^[ *]/.test(rest);
      isShort ??= looksShort;
      if (isShort) written = rest;
      else if (!looksShort) written = rest.slice(1);
    }
    const name = escape === "\\" ? unescaped(written) : written;
    if (name === undefined || hex === undefined || line.includes("\0")) {
      throw new TowerError(
        "malformed",
        `Cannot read "${path}": line ${i + 1} is no SHA-256 digest and name of a file`,
        { hint: "sha256sum writes such lines; sha256sum --strict -c --warn checks them" },
      );
    }
    lines.push({ name, hex: hex.toLowerCase() });
  }
  return lines;
}

/** A name as such a list escapes it; undefined for what it does not. */
function unescaped(written: string | undefined): string | undefined {
  if (written === undefined || !/^(?:[^\\]|\\[\\nr])*$/s.test(written)) return undefined;
  const meant: Readonly<Record<string, string>> = { n: "\n", r: "\r", "\\": "\\" };
  return written.replace(/\\(.)/gs, (_, char: string) => meant[char]!);
}

/** Bytes as a text of one character each: names need not be UTF-8. */
export function byteText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** Such a text as it is shown. */
export function shownText(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(text, (char) => char.charCodeAt(0)));
}
