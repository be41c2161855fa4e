import { createHash } from "node:crypto";
import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import { DIGEST_SIZE, VERITY_BLOCK } from "./geometry.ts";

/** SHA-256 of a salt and a block: format 1 puts the salt in front. */
export function blockDigest(block: Uint8Array, salt: Uint8Array): Uint8Array {
  return createHash("sha256").update(salt).update(block).digest();
}

/** The digest of each block of some whole blocks, one behind the other. */
export function blockDigests(blocks: Uint8Array, salt: Uint8Array): Uint8Array<ArrayBuffer> {
  const digests = new Uint8Array(blocks.length / VERITY_BLOCK * DIGEST_SIZE);
  for (let at = 0, to = 0; at < blocks.length; at += VERITY_BLOCK, to += DIGEST_SIZE) {
    const block = blocks.subarray(at, at + VERITY_BLOCK);
    const hash = createHash("sha256");
    if (salt.length > 0) hash.update(salt);
    digests.set(hash.update(block).digest(), to);
  }
  return digests;
}

/** Blocks of data, counted from its start. */
export interface BlockRun {
  readonly first: number;
  readonly count: number;
}

/** Blocks that are read and hashed at once: 1 MiB. */
const AT_ONCE = 256;

/** The digests of a run of blocks. @throws {RangeError} where the data ends before. */
export function digestsOf(
  data: ByteSource,
  { first, count }: BlockRun,
  salt: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const digests = new Uint8Array(count * DIGEST_SIZE);
  for (let done = 0; done < count; done += AT_ONCE) {
    const length = Math.min(AT_ONCE, count - done) * VERITY_BLOCK;
    const bytes = readExactly(data, (first + done) * VERITY_BLOCK, length);
    digests.set(blockDigests(bytes, salt), done * DIGEST_SIZE);
  }
  return digests;
}
