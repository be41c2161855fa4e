import { join } from "@std/path";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import type { PrivateKey } from "../../lib/apk/signature.ts";
import { digestOf, hexOf } from "../../lib/bytes/digest.ts";
import { makeFolders } from "../../lib/files/folders.ts";
import { createBeside, publish, writeAll } from "../../lib/files/whole_file.ts";

const BITS = 3072;
const FILE = "lab.rsa";

/**
 * The key that signs a repository made here: made at the first use, and kept in `keys/` where
 * only its owner reads it. The public half goes into `keys-public/`, a folder for `--keys`.
 *
 * The name tells two machines' keys apart, as a key is looked up by its file name.
 */
export function signingKey(folder: string): PrivateKey {
  const secret = join(folder, "keys");
  const shared = join(folder, "keys-public");
  makeFolders(secret);
  makeFolders(shared);
  Deno.chmodSync(secret, 0o700);
  const pem = readOrMake(secret);
  const publicPem = createPublicKey(pem).export({ type: "spki", format: "pem" }) as string;
  const name = `tower-lab-${hexOf(digestOf(publicPem)).slice(0, 8)}.rsa`;
  const path = join(shared, `${name}.pub`);
  using whole = createBeside(path);
  writeAll(whole.file, new TextEncoder().encode(publicPem));
  publish(whole.path, path, 0o644);
  return { name, pem };
}

function readOrMake(folder: string): string {
  const path = join(folder, FILE);
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: BITS,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const temporary = `${path}.${crypto.randomUUID()}`;
  Deno.writeTextFileSync(temporary, privateKey, { mode: 0o600, createNew: true });
  try {
    // A link fails where another run was first: then its key is the key.
    Deno.linkSync(temporary, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    Deno.removeSync(temporary);
  }
  return Deno.readTextFileSync(path);
}
