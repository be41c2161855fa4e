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
const KEY_TYPE = /^(sk-)?(ssh|ecdsa)-[a-z0-9@.-]{1,64}$/;

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

/**
 * The keys of a public key file, an authorized_keys or an allowed_signers file (ssh-keygen(1)).
 *
 * @param namespace what the signatures are for; keys that are limited to others are left out
 * @throws {TowerError} `malformed`; `unsupported` for limits that only ssh-keygen can judge
 */
export function parseSigners(text: string, file: string, namespace: string): PublicKey[] {
  const keys: PublicKey[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const words = line.trim();
    if (words === "" || words.startsWith("#")) continue;
    const found = splitLine(words);
    if (!found) {
      throw new TowerError("malformed", `Cannot read "${file}": line ${i + 1} is no public key`);
    }
    if (isFor(found.before, namespace, `"${file}", line ${i + 1}`)) keys.push(found.key);
  }
  if (keys.length > 0) return keys;
  throw new TowerError("malformed", `Cannot read "${file}": it has no key for "${namespace}"`);
}

/** A line at its key: what stands before it (principals, options), and the key. */
function splitLine(line: string): { before: string; key: PublicKey } | undefined {
  const words = line.split(/\s+/);
  for (const [i, type] of words.entries()) {
    const base64 = words[i + 1];
    if (!KEY_TYPE.test(type) || base64 === undefined) continue;
    try {
      const blob = Uint8Array.fromBase64(base64);
      if (new WireReader(blob).text() !== type) continue;
      const comment = words.slice(i + 2).join(" ");
      return { before: words.slice(0, i).join(" "), key: { type, blob, comment } };
    } catch {
      continue;
    }
  }
  return undefined;
}

function isFor(before: string, namespace: string, place: string): boolean {
  const limit = /(?:cert-authority|valid-after|valid-before)/i.exec(before);
  if (limit) {
    throw new TowerError("unsupported", `Cannot judge "${limit[0]}" in ${place}`, {
      hint: "check with ssh-keygen -Y verify, or give the public key alone",
    });
  }
  const names = /namespaces="([^"]*)"/i.exec(before)?.[1];
  return names === undefined || names.split(",").includes(namespace);
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
