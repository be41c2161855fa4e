import { createHash } from "node:crypto";
import type { Digest } from "../brand.ts";

/** The SHA-256 of bytes, or of a text as UTF-8, as a content's name. */
export function digestOf(content: Uint8Array | string): Digest {
  return digestFromHex(createHash("sha256").update(content).digest("hex"));
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
