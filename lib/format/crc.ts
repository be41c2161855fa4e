/**
 * Cyclic redundancy checks of 32 bits, least significant bit first.
 *
 * One table step per byte: what is checked here is metadata of a few megabytes. Contents are
 * checked by SHA-256 elsewhere.
 */

/** The table of a generator polynomial in reversed bit order. */
function tableOf(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) {
      value = (value >>> 1) ^ (value & 1 ? polynomial : 0);
    }
    return value;
  });
}

const CRC32 = tableOf(0xedb88320);
const CRC32C = tableOf(0x82f63b78);

function update(table: Uint32Array, bytes: Uint8Array, seed: number): number {
  let state = ~seed;
  for (let i = 0; i < bytes.length; i++) {
    state = (state >>> 8) ^ table[(state ^ bytes[i]!) & 0xff]!;
  }
  return ~state >>> 0;
}

/**
 * CRC-32 of IEEE 802.3, as GPT (UEFI 5.3), gzip (RFC 1952) and zip use it.
 *
 * @param seed the CRC of the bytes before these, to go on; 0 at the start
 * @returns an unsigned number of 32 bits
 */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return update(CRC32, bytes, seed);
}

/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4), as ext4 and btrfs use it.
 *
 * @param seed the CRC of the bytes before these, to go on; 0 at the start
 * @returns an unsigned number of 32 bits
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  return update(CRC32C, bytes, seed);
}
