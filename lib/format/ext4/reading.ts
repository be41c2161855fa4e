import { TowerError } from "../../errors.ts";

/** What is said of a file system that contradicts itself. */
export function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read ext4: ${cause}`);
}

/** What is said of what a file system may have and is not read here. */
export function unsupported(cause: string, hint?: string): TowerError {
  return new TowerError("unsupported", `Cannot read ext4: ${cause}`, {
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What is said of one that has more than any system does. */
export function limit(cause: string): TowerError {
  return new TowerError("limit", `Cannot read ext4: it has ${cause}`);
}

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as text: a tree's names are. @throws {TowerError} `unsupported` for what is no UTF-8 */
export function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return DECODER.decode(bytes);
  } catch {
    throw unsupported(`${what} is not UTF-8`);
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
