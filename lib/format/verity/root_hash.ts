import { TowerError } from "../../errors.ts";
import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import { blockDigest } from "./digests.ts";
import { VERITY_BLOCK } from "./geometry.ts";
import { readSuperblock } from "./superblock.ts";

/**
 * The root hash of a hash device as it is: the digest of its top block, as 64 hexadecimal digits. Whether
 * what lies below agrees is another question.
 *
 * @throws {TowerError} `malformed` or `unsupported` as {@linkcode readSuperblock}, `unsupported` for that of
 * a single block of data, which has no tree
 */
export function rootHashOf(hashes: ByteSource): string {
  const { geometry: { levels }, salt } = readSuperblock(hashes);
  const top = levels.at(-1);
  if (top === undefined) {
    throw new TowerError("unsupported", "Cannot tell a root hash: one block of data has no tree");
  }
  return blockDigest(readExactly(hashes, top.first * VERITY_BLOCK, VERITY_BLOCK), salt).toHex();
}
