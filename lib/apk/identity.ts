import { createHash } from "node:crypto";
import type { Brand } from "../brand.ts";

/**
 * Identity of a package: `Q1` and base64 of the SHA-1 of its compressed control member, as the
 * index's `C:` field and the installed database spell it; `Q2` stands for SHA-256. Always the
 * canonical base64, so equal hashes are equal strings.
 */
export type Identity = Brand<`Q1${string}` | `Q2${string}`, "Identity">;

/** What every real index has, which need not be decoded: two bits of the last digit are 0. */
const CANONICAL = /^Q(?:1[A-Za-z0-9+/]{26}|2[A-Za-z0-9+/]{42})[AEIMQUYcgkosw048]=$/;
/** `Q` is base64, whose last digit has two bits that mean nothing; `X` is hexadecimal. */
const SPELLINGS =
  /^(?:Q(?:1[A-Za-z0-9+/]{27}|2[A-Za-z0-9+/]{43})=|X(?:1[0-9A-Fa-f]{40}|2[0-9A-Fa-f]{64}))$/;

/**
 * The identity that a text spells, or undefined. apk compares the hashes, not their spellings
 * (apk-tools src/blob.c, apk_blob_pull_csum).
 */
export function asIdentity(text: string): Identity | undefined {
  if (CANONICAL.test(text)) return text as Identity;
  if (!SPELLINGS.test(text)) return undefined;
  const value = text.slice(2);
  const hash = text.startsWith("Q") ? Uint8Array.fromBase64(value) : Uint8Array.fromHex(value);
  return `Q${text[1]}${hash.toBase64()}` as Identity;
}

/** The identity of a package by its compressed control member. */
export function identityOf(control: Uint8Array, kind: "Q1" | "Q2"): Identity {
  const hash = createHash(kind === "Q1" ? "sha1" : "sha256").update(control).digest("base64");
  return `${kind}${hash}` as Identity;
}
