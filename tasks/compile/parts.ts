import { concat } from "../../lib/bytes/bytes.ts";
import { TowerError } from "../../lib/errors.ts";
import { FOOTER_SIZE, formatFooter, readFooter } from "./loader/footer.ts";

/** A text, and the names that it is found under. */
export interface Part {
  readonly names: readonly string[];
  readonly text: string;
}

/**
 * Texts by name in one run of bytes, of which each can be read alone: the texts, an index in JSON,
 * and a footer. The loader (loader/loader.ts) reads them from the end of a file.
 */
export function formatParts(parts: readonly Part[]): Uint8Array {
  const index: Record<string, [number, number]> = {};
  let size = 0;
  const texts = parts.map(({ names, text }) => {
    const bytes = new TextEncoder().encode(text);
    for (const name of names) index[name] = [size, bytes.length];
    size += bytes.length;
    return bytes;
  });
  const indexBytes = new TextEncoder().encode(JSON.stringify(index));
  return concat([...texts, indexBytes, formatFooter(size, indexBytes.length)]);
}

/** The names of the parts at the end of a file. @throws {TowerError} `malformed` without any. */
export function partNames(bytes: Uint8Array): string[] {
  try {
    const { indexAt } = readFooter(bytes.subarray(-FOOTER_SIZE), bytes.length);
    const text = new TextDecoder().decode(bytes.subarray(indexAt, -FOOTER_SIZE));
    return Object.keys(JSON.parse(text));
  } catch (cause) {
    throw new TowerError("malformed", "Cannot use program: the parts at its end are gone", {
      cause,
    });
  }
}
