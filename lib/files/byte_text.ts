import { Buffer } from "node:buffer";

/** Bytes as a text of one character each, whatever encoding they are in. */
export function byteText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** The bytes of such a text. */
export function bytesOfText(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

/** A value, such as a path, as it stands in such a text: in UTF-8. */
export function asByteText(value: string): string {
  return byteText(new TextEncoder().encode(value));
}
