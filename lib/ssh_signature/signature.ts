/** Signatures of files by SSH keys (OpenSSH's PROTOCOL.sshsig), as `ssh-keygen -Y` makes them. */
import { createHash, type KeyObject, sign, verify } from "node:crypto";
import { TowerError } from "../errors.ts";
import { concat } from "../bytes/bytes.ts";
import { fingerprint, keyObject, type PublicKey } from "./public_key.ts";
import { armored, sshString, uint32, unarmored, WireReader } from "./wire.ts";

const LABEL = "SSH SIGNATURE";
const MAGIC = new TextEncoder().encode("SSHSIG");
const VERSION = 1;
const HASHES = ["sha256", "sha512"];

/** The namespace that ssh-keygen's manual names for signatures of files. */
export const FILE_NAMESPACE = "file";

/** Signs a message with an Ed25519 key. The same key and message give the same text. */
export function signMessage(
  { blob, key }: { readonly blob: Uint8Array; readonly key: KeyObject },
  namespace: string,
  message: Uint8Array,
): string {
  const hash = "sha512";
  const signature = sign(null, signedBytes(namespace, hash, message), key);
  return armored(
    concat([
      MAGIC,
      uint32(VERSION),
      sshString(blob),
      sshString(namespace),
      sshString(""),
      sshString(hash),
      sshString(concat([sshString("ssh-ed25519"), sshString(signature)])),
    ]),
    LABEL,
  );
}

/** What a key signs: a frame around the message's digest. */
function signedBytes(namespace: string, hash: string, message: Uint8Array): Uint8Array {
  return concat([
    MAGIC,
    sshString(namespace),
    sshString(""),
    sshString(hash),
    sshString(createHash(hash).update(message).digest()),
  ]);
}

/**
 * Checks a signature against the keys that are trusted.
 *
 * @param what names the signed thing in messages, as in `file "x"`
 * @returns the key that made it
 * @throws {TowerError} `malformed`; `untrusted` when no trusted key made it for this namespace
 * and message; `unsupported` for a trusted key of a type that cannot be checked here
 */
export function verifyMessage(
  text: string,
  what: string,
  message: Uint8Array,
  { namespace, keys }: { readonly namespace: string; readonly keys: readonly PublicKey[] },
): PublicKey {
  const untrusted = (cause: string) =>
    new TowerError("untrusted", `Cannot trust ${what}: ${cause}`);
  const found = parse(text, what);
  const key = keys.find((k) => k.blob.toHex() === found.blob.toHex());
  if (!key) throw untrusted(`${fingerprint(found.blob)} signed it, which is not trusted`);
  if (found.namespace !== namespace) {
    throw untrusted(`the signature is for "${found.namespace}", not for "${namespace}"`);
  }
  if (!HASHES.includes(found.hash)) throw untrusted(`"${found.hash}" is no hash for signatures`);
  const signed = signedBytes(namespace, found.hash, message);
  if (!isGood(key, found, signed)) throw untrusted("the signature does not match");
  return key;
}

/**
 * The fingerprint of the key that made a signature, whoever's it is.
 * @throws {TowerError} `untrusted` when the signature does not match
 */
export function signerOf(
  text: string,
  what: string,
  message: Uint8Array,
  namespace: string,
): string {
  const { blob } = parse(text, what);
  const key = { type: new WireReader(blob).text(), blob, comment: "" };
  // What ssh-keygen made with a security key cannot be checked here.
  if (!key.type.startsWith("sk-")) verifyMessage(text, what, message, { namespace, keys: [key] });
  return fingerprint(blob);
}

interface Signature {
  readonly blob: Uint8Array;
  readonly namespace: string;
  readonly hash: string;
  readonly algorithm: string;
  readonly bytes: Uint8Array;
}

function parse(text: string, what: string): Signature {
  const malformed = (cause: string) =>
    new TowerError("malformed", `Cannot read the signature of ${what}: ${cause}`);
  const bytes = unarmored(text, LABEL);
  if (!bytes) throw malformed("it is no SSH signature");
  try {
    const reader = new WireReader(bytes);
    if (reader.bytes(MAGIC.length).toHex() !== MAGIC.toHex()) throw new RangeError("no magic");
    const version = reader.uint32();
    if (version !== VERSION) throw new RangeError(`its version is ${version}`);
    const blob = reader.string();
    const namespace = reader.text();
    reader.string();
    const hash = reader.text();
    const inner = new WireReader(reader.string());
    if (!reader.atEnd) throw new RangeError("bytes follow it");
    return { blob, namespace, hash, algorithm: inner.text(), bytes: inner.string() };
  } catch (error) {
    if (error instanceof RangeError) throw malformed(error.message);
    throw error;
  }
}

const RSA_HASHES: Readonly<Record<string, string>> = {
  "rsa-sha2-256": "sha256",
  "rsa-sha2-512": "sha512",
};
const EC_HASHES: Readonly<Record<string, readonly [hash: string, size: number]>> = {
  "ecdsa-sha2-nistp256": ["sha256", 32],
  "ecdsa-sha2-nistp384": ["sha384", 48],
  "ecdsa-sha2-nistp521": ["sha512", 66],
};

function isGood(key: PublicKey, { algorithm, bytes }: Signature, signed: Uint8Array): boolean {
  const object = keyObject(key);
  if (key.type === "ssh-rsa") {
    const hash = Object.hasOwn(RSA_HASHES, algorithm) ? RSA_HASHES[algorithm] : undefined;
    return hash !== undefined && verify(hash, signed, object, bytes);
  }
  if (algorithm !== key.type) return false;
  if (key.type === "ssh-ed25519") {
    return bytes.length === 64 && verify(null, signed, object, bytes);
  }
  const [hash, size] = EC_HASHES[key.type]!;
  const parts = fixedNumbers(bytes, size);
  return parts !== undefined &&
    verify(hash, signed, { key: object, dsaEncoding: "ieee-p1363" }, parts);
}

/** The two numbers of an ECDSA signature (RFC 5656, §3.1.2), each in `size` bytes. */
function fixedNumbers(bytes: Uint8Array, size: number): Uint8Array | undefined {
  const reader = new WireReader(bytes);
  const out = new Uint8Array(2 * size);
  try {
    for (const end of [size, 2 * size]) {
      let number = reader.string();
      if (number[0] === 0) number = number.subarray(1);
      if (number.length > size) return undefined;
      out.set(number, end - number.length);
    }
    return reader.atEnd ? out : undefined;
  } catch {
    return undefined;
  }
}
