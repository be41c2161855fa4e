import type { Digest } from "../brand.ts";
import { TowerError } from "../errors.ts";
import { compareBytes } from "../bytes/bytes.ts";
import { digestFromHex, hexOf } from "../bytes/digest.ts";
import { byteText, readSumsLines, shownText } from "./sums_lines.ts";

/** A file in the folder of a build and the digest of its bytes. */
export interface FileDigest {
  readonly file: string;
  readonly digest: Digest;
}

/** Digests as sha256sum(1) writes and checks them, ordered by name. */
export function formatSums(files: readonly FileDigest[]): string {
  return [...files].sort((a, b) => compareBytes(a.file, b.file))
    .map(({ file, digest }) => `${hexOf(digest)}  ${file}\n`).join("");
}

/** What a list of digests says of the files that lie beside it. */
export interface Sums {
  /** How many files it names. */
  readonly size: number;
  /** The digest of a file by its name; undefined where it is not named. */
  digestOf(file: string): Digest | undefined;
}

/**
 * Reads a list of digests as `sha256sum --strict -c` does ({@linkcode readSumsLines}); `./x` names
 * the file that `x` does.
 *
 * @param path For messages.
 * @throws {TowerError} `malformed` for a line that sha256sum does not take, `untrusted` for two
 * digests of one name.
 */
export function parseSums(bytes: Uint8Array, path: string): Sums {
  const digests = new Map<string, Digest>();
  for (const { name, hex } of readSumsLines(bytes, path)) {
    const file = name.replace(/^(?:\.\/+)+(?=[^/])/, "");
    const digest = digestFromHex(hex);
    if ((digests.get(file) ?? digest) !== digest) {
      const what = `it has two digests of "${shownText(file)}"`;
      throw new TowerError("untrusted", `Cannot trust "${path}": ${what}`);
    }
    digests.set(file, digest);
  }
  return {
    size: digests.size,
    digestOf: (file) => digests.get(byteText(new TextEncoder().encode(file))),
  };
}
