import { TowerError } from "../../lib/errors.ts";

/** A program, and the data that `deno compile` up to 2.8 appended to it. */
export interface SplitProgram {
  readonly program: Uint8Array;
  /** Empty where there is none. */
  readonly payload: Uint8Array;
}

/** libsui's trailer: u32 magic, u32 hash, u64 length of payload and trailer. */
const TRAILER_SIZE = 16;
const MAGIC = 0x501e;

/**
 * Takes the payload off that a compiled program looks for at the end of its own file, so that
 * packing leaves it there.
 *
 * @throws {TowerError} `malformed` when the trailer tells a length that cannot be.
 */
export function splitPayload(bytes: Uint8Array): SplitProgram {
  const none = { program: bytes, payload: new Uint8Array() };
  if (bytes.length < TRAILER_SIZE) return none;
  const trailer = new DataView(
    bytes.buffer,
    bytes.byteOffset + bytes.length - TRAILER_SIZE,
    TRAILER_SIZE,
  );
  if (trailer.getUint32(0, true) !== MAGIC) return none;
  const length = Number(trailer.getBigUint64(8, true));
  if (length < TRAILER_SIZE || length > bytes.length) {
    throw new TowerError("malformed", "Cannot pack program: its payload's length is wrong");
  }
  const at = bytes.length - length;
  return { program: bytes.subarray(0, at), payload: bytes.subarray(at) };
}
