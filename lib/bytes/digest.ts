import { createHash } from "node:crypto";
import type { Digest } from "../brand.ts";
import { sha256 } from "./sha256.ts";

/** Bytes from which on the built-in hash is worth what it takes to load. */
const WORTH_BUILT_IN = 4096;

/** The SHA-256 of bytes, or of a text as UTF-8, as a content's name. */
export function digestOf(content: Uint8Array | string): Digest {
  if (content.length < WORTH_BUILT_IN) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    return digestFromHex(sha256(bytes).toHex());
  }
  return digestFromHex(createHash("sha256").update(content).digest("hex"));
}

/** As {@linkcode digestOf}, of many bytes: a thread of its own hashes them. */
export async function digestInBackground(bytes: Uint8Array<ArrayBuffer>): Promise<Digest> {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return digestFromHex(new Uint8Array(hash).toHex());
}

/** The name of a content whose SHA-256 is known as 64 lower-case hexadecimal digits. */
export function digestFromHex(hex: string): Digest {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new RangeError(`Cannot name a content "${hex}"`);
  return `sha256:${hex}` as Digest;
}

/** The 64 hexadecimal digits of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice("sha256:".length);
}
