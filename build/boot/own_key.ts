import { TowerError } from "../../lib/errors.ts";
import { privateKeyFile, readPrivateKeyFile } from "../../lib/ssh_signature/private_key.ts";
import { exists, readText, writeFileAtomic } from "../../lib/files/files.ts";

const LIMIT = 64 << 10;

/** A key pair of the user's own, made here. */
export interface OwnKey {
  /** The private key, in OpenSSH's format, mode 0600. */
  readonly file: string;
  /** The public key as one line, with its comment. */
  readonly publicKey: string;
}

/**
 * The ed25519 key pair of a file, made on first use.
 * @throws {TowerError} `unsupported` where another key lies there
 */
export function ownKey(file: string, comment: string): OwnKey {
  if (!exists(file)) {
    const seed = crypto.getRandomValues(new Uint8Array(32));
    writeFileAtomic(file, new TextEncoder().encode(privateKeyFile(seed, comment)), 0o600);
  }
  const key = readPrivateKeyFile(readText(file, LIMIT), file);
  if (key.kind !== "ed25519") {
    throw new TowerError("unsupported", `Cannot use "${file}" without asking: ${key.why}`);
  }
  return { file, publicKey: `ssh-ed25519 ${key.blob.toBase64()} ${comment}` };
}
