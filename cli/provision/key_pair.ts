import { TowerError } from "../../lib/errors.ts";
import { readPrivateKeyFile } from "../../lib/ssh_signature/private_key.ts";
import { readText } from "../../lib/store/files.ts";
import { RULES } from "../../lib/tower_env/rules.ts";
import type { HostWish } from "./request.ts";

const LIMIT = 65536;

/**
 * Looks at a user's own login key before anything is made: a host that has the wrong half of it
 * lets nobody in. Keys that only ssh-keygen can read are taken at their word.
 *
 * @throws {TowerError} `usage` where the two are no pair, `not-found`, `malformed`
 */
export function requireKeyPair({ publicKey, privateKey }: NonNullable<HostWish["keyPair"]>): void {
  const line = readText(publicKey, LIMIT).split("\n")[0]!.trim();
  if (!RULES.PUBLIC_KEY.isGood(line)) {
    throw new TowerError("usage", `Cannot use "${publicKey}": it must ${RULES.PUBLIC_KEY.says}`);
  }
  const text = readText(privateKey, LIMIT);
  if (!text.includes("BEGIN OPENSSH PRIVATE KEY")) return;
  const key = readPrivateKeyFile(text, privateKey);
  if (key.kind !== "ed25519" || key.blob.toBase64() === line.split(" ")[1]) return;
  throw new TowerError("usage", `Cannot use "${privateKey}": "${publicKey}" is of another key`);
}
