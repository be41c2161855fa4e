import { TowerError } from "../../errors.ts";
import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import { blockDigest } from "./digests.ts";
import { DIGEST_SIZE, DIGESTS_PER_BLOCK, VERITY_BLOCK } from "./geometry.ts";
import { readSuperblock, type VeritySuperblock } from "./superblock.ts";

/** A block of the tree whose bytes are right. */
interface SoundBlock {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/**
 * Data as the root hash says it was: what is read was compared with the tree, and the tree up to
 * the root with that hash, as dm-verity does. One block of each level is kept.
 *
 * @param rootHash 64 hexadecimal digits, from a source that is trusted
 * @throws {TowerError} `malformed` or `unsupported` as {@linkcode readSuperblock}, `malformed` for
 * data shorter than the tree is for. Its reads throw `untrusted`, with the block that differs.
 */
export function verifiedSource(
  data: ByteSource,
  hashes: ByteSource,
  rootHash: string,
): ByteSource & { readonly superblock: VeritySuperblock } {
  const superblock = readSuperblock(hashes);
  const { geometry: { dataBlocks, levels }, salt } = superblock;
  const size = dataBlocks * VERITY_BLOCK;
  if (data.size < size) {
    throw new TowerError(
      "malformed",
      `Cannot verify data: it has ${data.size} bytes, its hash tree is for ${size}`,
    );
  }
  const kept = new Map<number, SoundBlock>();

  /** The digest that the tree has of a block of `level`: -1 is the data. */
  function expected(level: number, index: number): string {
    if (level === levels.length - 1) return rootHash.toLowerCase();
    const block = treeBlock(level + 1, Math.floor(index / DIGESTS_PER_BLOCK));
    const at = index % DIGESTS_PER_BLOCK * DIGEST_SIZE;
    return block.subarray(at, at + DIGEST_SIZE).toHex();
  }

  function treeBlock(level: number, index: number): Uint8Array {
    const known = kept.get(level);
    if (known?.index === index) return known.bytes;
    const offset = (levels[level]!.first + index) * VERITY_BLOCK;
    const bytes = readExactly(hashes, offset, VERITY_BLOCK);
    compare(bytes, expected(level, index), () => `block ${offset / VERITY_BLOCK} of the hash tree`);
    kept.set(level, { index, bytes });
    return bytes;
  }

  function compare(bytes: Uint8Array, digest: string, what: () => string): void {
    if (blockDigest(bytes, salt).toHex() === digest) return;
    throw new TowerError("untrusted", `Cannot verify data: ${what()} is not what was hashed`);
  }

  return {
    superblock,
    size,
    readAt(offset, into) {
      const end = Math.min(offset + into.length, size);
      for (let at = offset; at < end;) {
        const index = Math.floor(at / VERITY_BLOCK);
        const block = readExactly(data, index * VERITY_BLOCK, VERITY_BLOCK);
        compare(block, expected(-1, index), () => `block ${index}`);
        const part = block.subarray(
          at % VERITY_BLOCK,
          Math.min(VERITY_BLOCK, end - index * VERITY_BLOCK),
        );
        into.set(part, at - offset);
        at += part.length;
      }
      return Math.max(0, end - offset);
    },
  };
}

/**
 * Compares all data with its root hash, as `veritysetup verify` does.
 * @throws {TowerError} as {@linkcode verifiedSource} and its reads.
 */
export function verify(data: ByteSource, hashes: ByteSource, rootHash: string): void {
  const source = verifiedSource(data, hashes, rootHash);
  const chunk = new Uint8Array(1 << 20);
  for (let at = 0; at < source.size;) at += source.readAt(at, chunk);
}
