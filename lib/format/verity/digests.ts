import { createHash } from "node:crypto";
import type { ByteSource } from "../../bytes/bytes.ts";
import { DIGEST_SIZE, VERITY_BLOCK } from "./geometry.ts";

/** SHA-256 of a salt and a block: format 1 puts the salt in front. */
export function blockDigest(block: Uint8Array, salt: Uint8Array): Uint8Array {
  return createHash("sha256").update(salt).update(block).digest();
}

/** Blocks of data, counted from its start. */
export interface BlockRun {
  readonly first: number;
  readonly count: number;
}

/** Blocks that are read and hashed at once: 1 MiB. */
const AT_ONCE = 256;

/** The digest of each block of a run. @throws {RangeError} where the data ends before. */
export function digestsOf(
  data: ByteSource,
  { first, count }: BlockRun,
  salt: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const digests = new Uint8Array(count * DIGEST_SIZE);
  const chunk = new Uint8Array(Math.min(AT_ONCE, count) * VERITY_BLOCK);
  for (let done = 0; done < count; done += AT_ONCE) {
    const blocks = chunk.subarray(0, Math.min(AT_ONCE, count - done) * VERITY_BLOCK);
    readWhole(data, (first + done) * VERITY_BLOCK, blocks);
    hashBlocks(blocks, salt, digests.subarray(done * DIGEST_SIZE));
  }
  return digests;
}

function readWhole(data: ByteSource, offset: number, into: Uint8Array): void {
  for (let done = 0; done < into.length;) {
    const n = data.readAt(offset + done, into.subarray(done));
    if (n <= 0) throw new RangeError(`Cannot hash data: the source ends at ${offset + done}`);
    done += n;
  }
}

function hashBlocks(blocks: Uint8Array, salt: Uint8Array, digests: Uint8Array): void {
  for (let at = 0, to = 0; at < blocks.length; at += VERITY_BLOCK, to += DIGEST_SIZE) {
    const hash = createHash("sha256");
    if (salt.length > 0) hash.update(salt);
    // A digest as text costs two thirds of one as a buffer, which has an object of its own.
    const digest = hash.update(blocks.subarray(at, at + VERITY_BLOCK)).digest("hex");
    digests.subarray(to, to + DIGEST_SIZE).setFromHex(digest);
  }
}
