import { TowerError } from "../errors.ts";

const MAGIC = 0xfd2fb528;
/** Bytes of a dictionary's number, and of a content size, by their flags (RFC 8878, 3.1.1.1). */
const DICTIONARY = [0, 1, 2, 4], CONTENT = [0, 2, 4, 8];

/**
 * Decompresses one frame that says how much it holds.
 * @param limit bytes that it may say
 * @throws {TowerError} `malformed`
 */
export type ZstdBlockDecoder = (frame: Uint8Array, limit: number) => Uint8Array;

/**
 * A decoder by libzstd, compiled to WebAssembly: whatever it is given, it ends and stays in its own
 * memory. The runtime's own ends the program where a block is damaged, and one in JavaScript
 * (`fzstd`), twice as fast, copies for minutes what a few hostile bytes tell it to.
 */
export async function openZstdBlocks(): Promise<ZstdBlockDecoder> {
  const { Zstd } = await import("@hpcc-js/wasm-zstd");
  const decoder = await Zstd.load();
  return (frame, limit) => {
    const size = contentSize(frame);
    if (size > limit) throw malformed(`it holds ${size} bytes of at most ${limit}`);
    try {
      return decoder.decompress(frame);
    } catch (cause) {
      throw malformed("its bytes are damaged", cause);
    }
  };
}

/** What a frame says that it holds (RFC 8878, 3.1.1.1.4). */
function contentSize(frame: Uint8Array): number {
  if (frame.length < 6) throw malformed("it ends too early");
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw malformed("its magic number is missing");
  const descriptor = frame[4]!;
  const isSingle = (descriptor >> 5) & 1;
  const bytes = CONTENT[descriptor >> 6]! || isSingle;
  if (bytes === 0) throw malformed("it does not say how much it holds");
  const at = 6 - isSingle + DICTIONARY[descriptor & 3]!;
  if (frame.length < at + bytes) throw malformed("it ends too early");
  if (bytes === 1) return frame[at]!;
  if (bytes === 2) return view.getUint16(at, true) + 256;
  return bytes === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

function malformed(cause: string, error?: unknown): TowerError {
  return new TowerError("malformed", `Cannot decompress a zstd frame: ${cause}`, {
    ...(error === undefined ? {} : { cause: error }),
  });
}
