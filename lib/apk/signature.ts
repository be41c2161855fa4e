import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { TowerError } from "../errors.ts";
import { digestOf } from "../bytes/digest.ts";
import type { SigningKey, TrustedKey } from "./types.ts";
import { isUsualKey } from "./usual_key.ts";

/** Signature kinds by the prefix of their entry's name, all PKCS#1 v1.5 (apk-v2(5)). */
const HASHES: Readonly<Record<string, string>> = {
  "RSA": "RSA-SHA1",
  "RSA256": "RSA-SHA256",
  "RSA512": "RSA-SHA512",
};
/** The kind that abuild writes and every apk-tools reads. */
const WRITTEN_KIND = "RSA";
/** Shorter RSA keys can be factored. */
const MIN_KEY_BITS = 2048;
const MAX_PEM = 16 << 10;

/** A key that signs packages and indexes. */
export interface PrivateKey {
  /** File name without `.pub`, such as `builder-65f0.rsa`. */
  readonly name: string;
  /** PKCS#1 or PKCS#8 private key in PEM. */
  readonly pem: string;
}

/** A signature as an archive holds it. */
export interface Signature {
  /** Entry name: `.SIGN.<kind>.<key file>`. */
  readonly entry: string;
  readonly bytes: Uint8Array;
}

/**
 * A trusted key from its file.
 * @throws {TowerError} `malformed` for a name that is no plain file name, or a PEM that is no RSA
 * public key (SubjectPublicKeyInfo or PKCS#1) of at least 2048 bits.
 */
export function loadTrustedKey(name: string, pem: string): TrustedKey {
  checkKey(name, pem, "public", () => {
    if (!/^-----BEGIN (RSA )?PUBLIC KEY-----$/m.test(pem)) throw new TypeError("no public key");
    return createPublicKey(pem);
  });
  return { name, pem, digest: digestOf(new TextEncoder().encode(pem)) };
}

/**
 * A signing key from its file; the name of the file without `.pub` is the name of the signature.
 * @throws {TowerError} `malformed` as {@linkcode loadTrustedKey}, and for an encrypted key.
 */
export function loadPrivateKey(name: string, pem: string): PrivateKey {
  checkKey(name, pem, "private", () => createPrivateKey(pem));
  return { name, pem };
}

function checkKey(
  name: string,
  pem: string,
  kind: "public" | "private",
  read: () => KeyObject,
): void {
  if (!isKeyName(name)) {
    throw new TowerError("malformed", `Cannot load key "${name}": not a plain file name`);
  }
  // Node's module takes as long to load as the program to start.
  if (kind === "public" && isUsualKey(pem)) return;
  let key: KeyObject;
  try {
    if (pem.length > MAX_PEM) throw new RangeError("too long");
    key = read();
  } catch (cause) {
    throw new TowerError("malformed", `Cannot load key "${name}": it is no ${kind} key in PEM`, {
      cause,
    });
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== "rsa" || bits < MIN_KEY_BITS) {
    throw new TowerError(
      "malformed",
      `Cannot load key "${name}": it is no RSA key of ${MIN_KEY_BITS} bits or more`,
    );
  }
}

/** Whether an archive's entry is a signature. */
export function isSignatureName(entry: string): boolean {
  return entry.startsWith(".SIGN.");
}

/**
 * Checks signatures over `signed`, the compressed bytes they cover; keys are found by file name.
 * One signature by a trusted key is enough; those of unknown keys or kinds are passed over.
 * @throws {TowerError} `untrusted`; `what` names the signed thing, as in `package "x-1"`.
 */
export function verifySignature(
  what: string,
  signatures: readonly Signature[],
  signed: Uint8Array,
  keys: readonly TrustedKey[],
): SigningKey {
  const untrusted = (cause: string, hint?: string) =>
    new TowerError("untrusted", `Cannot trust ${what}: ${cause}`, hint ? { hint } : {});
  if (signatures.length === 0) throw untrusted("it is not signed");
  const seen: string[] = [];
  let mismatch: string | undefined;
  for (const { entry, bytes } of signatures) {
    const [, kind, name] = /^\.SIGN\.([A-Z0-9]+)\.([^/]+)$/.exec(entry) ?? [];
    if (kind === undefined || name === undefined || !isKeyName(name)) {
      throw untrusted(`"${entry}" names no key`);
    }
    seen.push(name);
    const hash = Object.hasOwn(HASHES, kind) ? HASHES[kind]! : undefined;
    const key = keys.find((k) => k.name === name);
    if (!key || !hash) continue;
    if (verify(hash, signed, createPublicKey(key.pem), bytes)) {
      return { name: key.name, digest: key.digest };
    }
    mismatch ??= name;
  }
  if (mismatch !== undefined) throw untrusted(`the signature by "${mismatch}" does not match`);
  throw untrusted(
    `no trusted key made it, but "${seen.join('", "')}"`,
    keys.some((key) => seen.some((name) => ownerOf(name) === ownerOf(key.name)))
      ? "The trusted keys are its owner's for another architecture or release; on Alpine " +
        "--keys /usr/share/apk/keys has those of every architecture."
      : "Add that key to the trusted keys if its owner may decide what runs on your hosts.",
  );
}

/** Whose a key is: abuild-keygen names keys `OWNER-HEX.rsa.pub`. */
function ownerOf(name: string): string {
  return name.replace(/-[0-9a-f]+\.rsa\.pub$/, "");
}

/** Signs compressed bytes as abuild-sign does. */
export function signBytes(signed: Uint8Array, key: PrivateKey): Signature {
  const name = `${key.name}.pub`;
  if (!isKeyName(name)) throw new RangeError(`Cannot sign: "${name}" is not a plain file name`);
  return {
    entry: `.SIGN.${WRITTEN_KIND}.${name}`,
    bytes: new Uint8Array(sign(HASHES[WRITTEN_KIND], signed, key.pem)),
  };
}

/** A file name that cannot leave the directory of keys or drive a terminal. */
function isKeyName(name: string): boolean {
  return /^[A-Za-z0-9_@][A-Za-z0-9_@.+~-]{0,199}$/.test(name);
}
