import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { TowerError } from "../errors.ts";
import { pemOf } from "./pem.ts";

const HASH = "RSA-SHA256";
/** Shorter keys can be factored; firmware need not know longer ones (UEFI, §32.3.6.1). */
const BITS = 2048;
const MAX_PEM = 16 << 10;

/** A private RSA key of 2048 bits, which is never seen: it signs. */
export interface RsaSigner {
  /** SubjectPublicKeyInfo, as DER. */
  readonly publicKey: Uint8Array;
  /** RSASSA-PKCS1-v1_5 over SHA-256 (RFC 8017, §8.2): the same message, the same 256 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/** Bytes of a signature by such a key. */
export const SIGNATURE_SIZE = BITS / 8;

/**
 * A private key from its file, PKCS#1 or PKCS#8 in PEM.
 * @param what names the key in messages, such as `key "db.key"`
 * @throws {TowerError} `malformed`, `unsupported` for an encrypted key and one of another kind
 */
export function loadRsaSigner(pem: string, what: string): RsaSigner {
  if (/^(-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED)/m.test(pem)) {
    throw new TowerError("unsupported", `Cannot use ${what}: it is encrypted`, {
      hint:
        "decrypt it into memory: openssl pkey -in KEY -out /dev/shm/KEY, and remove it after use",
    });
  }
  let key: KeyObject;
  try {
    if (pem.length > MAX_PEM) throw new RangeError("too long");
    key = createPrivateKey(pem);
  } catch {
    // The cause may quote the file.
    throw new TowerError("malformed", `Cannot use ${what}: it is no private key in PEM`);
  }
  if (key.asymmetricKeyType !== "rsa" || key.asymmetricKeyDetails?.modulusLength !== BITS) {
    throw new TowerError("unsupported", `Cannot use ${what}: it is no RSA key of ${BITS} bits`, {
      hint: "firmware is bound to know these alone",
    });
  }
  const publicKey = createPublicKey(key).export({ type: "spki", format: "der" });
  return {
    publicKey: new Uint8Array(publicKey),
    sign: (message) => new Uint8Array(sign(HASH, message, key)),
  };
}

/**
 * Whether a signature over a message is of a key.
 * @param publicKey SubjectPublicKeyInfo, as DER; false for what is none, too
 */
export function isSignedBy(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    const key = createPublicKey(pemOf(publicKey, "PUBLIC KEY"));
    return key.asymmetricKeyType === "rsa" && verify(HASH, message, key, signature);
  } catch {
    return false;
  }
}
