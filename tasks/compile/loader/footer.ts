/** The last bytes of what holds parts: u64 offset of the parts from the end, u64 of their index. */
export const FOOTER_SIZE = 16;

/**
 * Where the parts and their index begin.
 *
 * @param footer The last {@linkcode FOOTER_SIZE} bytes.
 * @param end Where they end.
 */
export function readFooter(footer: Uint8Array, end: number): { start: number; indexAt: number } {
  const data = new DataView(footer.buffer, footer.byteOffset, FOOTER_SIZE);
  const back = (at: number) => end - Number(data.getBigUint64(at, true));
  return { start: back(0), indexAt: back(8) };
}

/** The footer for parts of such sizes, in bytes. */
export function formatFooter(partsSize: number, indexSize: number): Uint8Array {
  const bytes = new Uint8Array(FOOTER_SIZE);
  const data = new DataView(bytes.buffer);
  data.setBigUint64(0, BigInt(partsSize + indexSize + FOOTER_SIZE), true);
  data.setBigUint64(8, BigInt(indexSize + FOOTER_SIZE), true);
  return bytes;
}
