import type { NoteName } from "./note_text.ts";

const DIGEST_SIZE = 32;
/** What is kept begins where eight divides, so that tables of numbers are read in place. */
const ALIGNMENT = 8;

/**
 * Bytes under a name as those of a file: the name, the bytes, and the SHA-256 of both. As with
 * notes, neither changed bytes nor another's pass for what was written.
 */
export async function formatKept(name: NoteName, bytes: Uint8Array): Promise<Uint8Array> {
  const head = headOf(name), end = head.length + bytes.length;
  const file = new Uint8Array(end + DIGEST_SIZE);
  file.set(head);
  file.set(bytes, head.length);
  file.set(await sha256(file.subarray(0, end)), end);
  return file;
}

/** The bytes in a file; undefined when they are not what was written under that name. */
export async function parseKept(
  name: NoteName,
  file: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const head = headOf(name), end = file.length - DIGEST_SIZE;
  if (end < head.length || !isSame(file.subarray(0, head.length), head)) return undefined;
  if (!isSame(file.subarray(end), await sha256(file.subarray(0, end)))) return undefined;
  return file.subarray(head.length, end);
}

function headOf({ kind, name }: NoteName): Uint8Array {
  const text = `${kind}\0${name}\0`;
  return new TextEncoder().encode(
    text.padEnd(Math.ceil(text.length / ALIGNMENT) * ALIGNMENT, "\0"),
  );
}

/** WebCrypto's: in a thread of its own, and nothing of Node's is loaded for it. */
async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
