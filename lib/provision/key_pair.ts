import { TowerError } from "../errors.ts";
import { authorizedKeyFault } from "../ssh_signature/authorized_key.ts";
import { readPrivateKeyFile } from "../ssh_signature/private_key.ts";
import { readBytes } from "../files/files.ts";
import { RULES } from "../tower_env/rules.ts";
import type { HostWish } from "./request.ts";

const LIMIT = 65536;

/** A login key as its two files have it. */
export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

/**
 * Reads a user's own login key once, before anything is made: a host that has the wrong half of it
 * lets nobody in. Keys that only ssh-keygen can read are taken at their word.
 *
 * @throws {TowerError} `usage` where the two are no pair, `not-found`, `malformed`
 */
export function readKeyPair(paths: NonNullable<HostWish["keyPair"]>): KeyPair {
  const { publicKey, privateKey } = paths;
  const pair = {
    publicKey: readBytes(publicKey, LIMIT),
    privateKey: readBytes(privateKey, LIMIT),
  };
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const line = text(pair.publicKey).split("\n")[0]!.trim();
  if (!RULES.PUBLIC_KEY.isGood(line)) {
    const fault = authorizedKeyFault(line);
    throw new TowerError(
      "usage",
      `Cannot use "${publicKey}": it must ${RULES.PUBLIC_KEY.says}${fault ? `; it ${fault}` : ""}`,
    );
  }
  const own = text(pair.privateKey);
  if (!own.includes("BEGIN OPENSSH PRIVATE KEY")) return pair;
  const key = readPrivateKeyFile(own, privateKey);
  if (key.kind !== "ed25519" || key.blob.toBase64() === line.split(" ")[1]) return pair;
  throw new TowerError("usage", `Cannot use "${privateKey}": "${publicKey}" is of another key`);
}
