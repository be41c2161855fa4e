import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { TowerError } from "../errors.ts";
import { WireReader } from "./wire.ts";

/** Key types whose signatures can be checked here, by their names in OpenSSH. */
const CURVES = {
  "ecdsa-sha2-nistp256": { name: "P-256", bytes: 32 },
  "ecdsa-sha2-nistp384": { name: "P-384", bytes: 48 },
  "ecdsa-sha2-nistp521": { name: "P-521", bytes: 66 },
} as const;
const KNOWN_TYPES = ["ssh-ed25519", "ssh-rsa", ...Object.keys(CURVES)];
const MIN_RSA_BITS = 2048;
/** A type and its base64, then a blank and a comment or nothing. */
const KEY = /^((?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]{1,64})[ \t]+([A-Za-z0-9+/]+=*)(?:[ \t]+(.*))?$/;

/** A public key as OpenSSH has it. */
export interface PublicKey {
  readonly type: string;
  /** The key in SSH's wire format: what a signature names its signer by. */
  readonly blob: Uint8Array;
  /** What the line says after the key: whose it is. */
  readonly comment: string;
}

/** `SHA256:` and base64 of the key's digest, as `ssh-keygen -l` shows it. */
export function fingerprint(blob: Uint8Array): string {
  const digest = createHash("sha256").update(blob).digest("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}

/** The key that a text begins with, as in a `.pub` file; undefined where it begins with none. */
export function publicKeyAt(text: string): PublicKey | undefined {
  const [, type, base64, comment = ""] = KEY.exec(text) ?? [];
  if (type === undefined || base64 === undefined) return undefined;
  try {
    const blob = Uint8Array.fromBase64(base64, { lastChunkHandling: "strict" });
    return new WireReader(blob).text() === type ? { type, blob, comment } : undefined;
  } catch {
    return undefined;
  }
}

/** The key for node:crypto. @throws {TowerError} `unsupported` or `malformed` */
export function keyObject({ type, blob }: Pick<PublicKey, "type" | "blob">): KeyObject {
  if (!KNOWN_TYPES.includes(type)) {
    throw new TowerError("unsupported", `Cannot check a signature by a key of type "${type}"`, {
      hint: "ssh-keygen -Y verify can, see docs/supply-chain.md",
    });
  }
  try {
    const reader = new WireReader(blob);
    reader.text();
    const key = createPublicKey({ key: jwkOf(type, reader), format: "jwk" });
    if (!reader.atEnd) throw new RangeError("bytes follow it");
    if (type === "ssh-rsa" && (key.asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS) {
      throw new RangeError(`RSA keys of less than ${MIN_RSA_BITS} bits can be factored`);
    }
    return key;
  } catch (cause) {
    throw new TowerError("malformed", `Cannot use a key of type "${type}"`, { cause });
  }
}

function jwkOf(type: string, reader: WireReader): JsonWebKey {
  const encoded = (bytes: Uint8Array) =>
    bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  if (type === "ssh-ed25519") {
    const x = reader.string();
    if (x.length !== 32) throw new RangeError("an ed25519 key has 32 bytes");
    return { kty: "OKP", crv: "Ed25519", x: encoded(x) };
  }
  if (type === "ssh-rsa") {
    const [e, n] = [reader.string(), reader.string()].map((part) =>
      encoded(part[0] === 0 ? part.subarray(1) : part)
    );
    return { kty: "RSA", e: e!, n: n! };
  }
  const curve = CURVES[type as keyof typeof CURVES];
  reader.text();
  const point = reader.string();
  if (point[0] !== 4 || point.length !== 1 + 2 * curve.bytes) {
    throw new RangeError("it is no uncompressed point");
  }
  const [x, y] = [point.subarray(1, 1 + curve.bytes), point.subarray(1 + curve.bytes)];
  return { kty: "EC", crv: curve.name, x: encoded(x!), y: encoded(y!) };
}
