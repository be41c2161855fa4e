import { TowerError } from "../../errors.ts";

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Bytes as text: a tree's names are.
 * @throws {TowerError} `unsupported` for bytes that are no UTF-8
 */
export function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return DECODER.decode(bytes);
  } catch (cause) {
    throw new TowerError("unsupported", `Cannot read squashfs: ${what} is not UTF-8`, { cause });
  }
}
