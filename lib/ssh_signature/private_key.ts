import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { TowerError } from "../errors.ts";
import { concat } from "../bytes/bytes.ts";
import { armored, sshString, uint32, unarmored, WireReader } from "./wire.ts";

const LABEL = "OPENSSH PRIVATE KEY";
const MAGIC = "openssh-key-v1\0";

/**
 * A private key file: one that can sign here, or one that needs ssh-keygen, because it is
 * encrypted, of another type, or a public key whose private part an agent holds.
 */
export type PrivateKeyFile =
  | { readonly kind: "ed25519"; readonly blob: Uint8Array; readonly key: KeyObject }
  | { readonly kind: "ssh-keygen"; readonly why: string };

/**
 * Reads a private key in OpenSSH's own format (its file PROTOCOL.key).
 * @throws {TowerError} `malformed` when it is no key at all
 */
export function readPrivateKeyFile(text: string, file: string): PrivateKeyFile {
  if (/^(sk-)?(ssh|ecdsa)-\S+ [A-Za-z0-9+/=]+/.test(text)) {
    return { kind: "ssh-keygen", why: "it is a public key; an agent may hold the private one" };
  }
  const bytes = unarmored(text, LABEL);
  try {
    if (!bytes) throw new RangeError("it is no private key in OpenSSH's format");
    return decode(bytes);
  } catch (cause) {
    const why = cause instanceof RangeError ? cause.message : "it is damaged";
    throw new TowerError("malformed", `Cannot read key "${file}": ${why}`, {
      hint: "make one with: ssh-keygen -t ed25519 -f FILE",
    });
  }
}

function decode(bytes: Uint8Array): PrivateKeyFile {
  const reader = new WireReader(bytes);
  if (String.fromCharCode(...reader.bytes(MAGIC.length)) !== MAGIC) {
    throw new RangeError("its magic number is missing");
  }
  const cipher = reader.text();
  reader.text();
  reader.string();
  if (reader.uint32() !== 1) throw new RangeError("it holds more than one key");
  const blob = reader.string();
  const secret = reader.string();
  if (cipher !== "none") return { kind: "ssh-keygen", why: "it is encrypted" };
  if (!reader.atEnd) throw new RangeError("bytes follow it");
  const inner = new WireReader(secret);
  if (inner.uint32() !== inner.uint32()) throw new RangeError("its check numbers differ");
  const type = inner.text();
  if (type !== "ssh-ed25519") return { kind: "ssh-keygen", why: `it is of type ${type}` };
  const point = inner.string();
  const seed = inner.string();
  if (point.length !== 32 || seed.length !== 64) throw new RangeError("its lengths are wrong");
  inner.string(); // the comment
  if (secret.length % BLOCK !== 0 || inner.rest().some((byte, i) => byte !== i + 1)) {
    throw new RangeError("its padding is wrong");
  }
  const own = publicBlob(publicPointOf(seed.subarray(0, 32)));
  if ([blob, publicBlob(point), publicBlob(seed.subarray(32))].some((b) => !isSame(b, own))) {
    throw new RangeError("its public part is of another key");
  }
  const encoded = (bytes: Uint8Array) =>
    bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  const jwk = { kty: "OKP", crv: "Ed25519", x: encoded(point), d: encoded(seed.subarray(0, 32)) };
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  return { kind: "ed25519", blob, key };
}

/** PKCS #8 of an ed25519 key (RFC 8410, 7), up to its seed. */
const PKCS8 = Uint8Array.fromHex("302e020100300506032b657004220420");
/** What the secret part's length is a multiple of where nothing encrypts it. */
const BLOCK = 8;

/** The file of an ed25519 private key, not encrypted: its 32 secret bytes as OpenSSH keeps them. */
export function privateKeyFile(seed: Uint8Array, comment: string): string {
  const point = publicPointOf(seed);
  // The check numbers tell a right passphrase from a wrong one: without one they may be any.
  const check = uint32(0);
  const secret = concat([
    ...[check, check, sshString("ssh-ed25519"), sshString(point)],
    ...[sshString(concat([seed, point])), sshString(comment)],
  ]);
  const padding = Uint8Array.from({ length: -secret.length & (BLOCK - 1) }, (_, i) => i + 1);
  const blob = publicBlob(point);
  const bytes = concat([
    new TextEncoder().encode(MAGIC),
    ...["none", "none", ""].map(sshString),
    uint32(1),
    sshString(blob),
    sshString(concat([secret, padding])),
  ]);
  return armored(bytes, LABEL);
}

function publicPointOf(seed: Uint8Array): Uint8Array {
  const der = concat([PKCS8, seed]) as never;
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return Uint8Array.fromBase64(
    createPublicKey(key as never).export({ format: "jwk" }).x!,
    { alphabet: "base64url" },
  );
}

function publicBlob(point: Uint8Array): Uint8Array {
  return concat([sshString("ssh-ed25519"), sshString(point)]);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
