import { type Digest } from "../brand.ts";
import { TowerError } from "../errors.ts";
import { compareBytes } from "../bytes/bytes.ts";
import { digestFromHex, hexOf } from "../bytes/digest.ts";
import { fileName } from "../schema/scalars.ts";

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

/**
 * Reads digests of files that lie beside the list.
 * @throws {TowerError} `malformed` for a line that is no digest and plain file name, or for a
 * name that comes twice
 */
export function parseSums(text: string, path: string): FileDigest[] {
  const seen = new Set<string>();
  return text.split("\n").flatMap((line, i) => {
    if (line === "") return [];
    const [, hex, file] = /^([0-9a-f]{64}) [ *](.{1,200})$/.exec(line) ?? [];
    if (hex === undefined || !fileName.safeParse(file).success || seen.has(file!)) {
      throw new TowerError(
        "malformed",
        `Cannot read "${path}": line ${i + 1} is no SHA-256 digest and name of a file beside it`,
      );
    }
    seen.add(file!);
    return [{ file: file!, digest: digestFromHex(hex) }];
  });
}
