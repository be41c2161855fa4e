import { TowerError } from "../../errors.ts";
import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import { formatUuid, type Uuid, uuidBytes } from "../uuid.ts";
import { VERITY_BLOCK, type VerityGeometry, verityGeometry } from "./geometry.ts";

/** Bytes that have a meaning; the rest of the block is zeros. */
const SIZE = 512;
const MAGIC = "verity\0\0";
const ALGORITHM = "sha256";
/** Where the fields are (cryptsetup, "On-disk format" of its wiki on DMVerity). */
const AT = {
  version: 8,
  hashType: 12,
  uuid: 16,
  algorithm: 32,
  dataBlockSize: 64,
  hashBlockSize: 68,
  dataBlocks: 72,
  saltSize: 80,
  salt: 88,
  end: 344,
} as const;

export const MOST_SALT = 256;

/** What a hash device says of itself. */
export interface VeritySuperblock {
  readonly uuid: Uuid;
  /** 0 to 256 bytes that are hashed in front of every block. */
  readonly salt: Uint8Array;
  readonly geometry: VerityGeometry;
}

/** The first block of a hash device. @throws {RangeError} for a salt of more than 256 bytes. */
export function encodeSuperblock({ uuid, salt, geometry }: VeritySuperblock): Uint8Array {
  if (salt.length > MOST_SALT) throw new RangeError(`A salt of ${salt.length} bytes`);
  const bytes = new Uint8Array(VERITY_BLOCK);
  const view = new DataView(bytes.buffer);
  const ascii = new TextEncoder();
  bytes.set(ascii.encode(MAGIC));
  view.setUint32(AT.version, 1, true);
  view.setUint32(AT.hashType, 1, true);
  bytes.set(uuidBytes(uuid), AT.uuid);
  bytes.set(ascii.encode(ALGORITHM), AT.algorithm);
  view.setUint32(AT.dataBlockSize, VERITY_BLOCK, true);
  view.setUint32(AT.hashBlockSize, VERITY_BLOCK, true);
  view.setBigUint64(AT.dataBlocks, BigInt(geometry.dataBlocks), true);
  view.setUint16(AT.saltSize, salt.length, true);
  bytes.set(salt, AT.salt);
  return bytes;
}

/**
 * Reads the superblock of a hash device. The root hash covers neither the UUID nor the padding:
 * what is not zeros there is refused.
 *
 * @throws {TowerError} `malformed` for what is none or is cut off, `unsupported` for other hashes
 * and block sizes than ours.
 */
export function readSuperblock(hashes: ByteSource): VeritySuperblock {
  if (hashes.size < VERITY_BLOCK) throw malformed("it is shorter than a block");
  const bytes = readExactly(hashes, 0, SIZE);
  const view = new DataView(bytes.buffer);
  const text = (at: number, length: number) =>
    new TextDecoder("latin1").decode(bytes.subarray(at, at + length));
  if (text(0, MAGIC.length) !== MAGIC) throw malformed("it has no superblock");
  const algorithm = text(AT.algorithm, AT.dataBlockSize - AT.algorithm).replace(/\0+$/, "");
  const numbers = [AT.version, AT.hashType, AT.dataBlockSize, AT.hashBlockSize]
    .map((at) => view.getUint32(at, true));
  if (algorithm !== ALGORITHM || String(numbers) !== String([1, 1, VERITY_BLOCK, VERITY_BLOCK])) {
    throw new TowerError(
      "unsupported",
      `Cannot read a hash device: it is not of format 1 with ${ALGORITHM} and blocks of ${VERITY_BLOCK}`,
    );
  }
  const saltSize = view.getUint16(AT.saltSize, true);
  if (saltSize > MOST_SALT) throw malformed(`its salt has ${saltSize} bytes`);
  const saltEnd = AT.salt + saltSize;
  const unused = [bytes.subarray(AT.saltSize + 2, AT.salt), bytes.subarray(saltEnd)];
  if (unused.some((part) => part.some((byte) => byte !== 0))) {
    throw malformed("its superblock has bytes where none may be");
  }
  return {
    uuid: formatUuid(bytes.subarray(AT.uuid, AT.algorithm)),
    salt: bytes.slice(AT.salt, saltEnd),
    geometry: geometryIn(view, hashes),
  };
}

function geometryIn(view: DataView, hashes: ByteSource): VerityGeometry {
  const count = view.getBigUint64(AT.dataBlocks, true);
  // A tree has a digest for each block at least: so many do not fit into the device.
  if (count < 1n || count > BigInt(hashes.size)) throw malformed(`it is of ${count} blocks`);
  const geometry = verityGeometry(Number(count));
  if (geometry.blocks * VERITY_BLOCK > hashes.size) throw malformed("its tree is cut off");
  return geometry;
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read a hash device: ${cause}`);
}
