import { dirname, join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { imageSignersPath } from "../../lib/fleet/paths.ts";
import { exists, readText, writeFileAtomic } from "../../lib/files/files.ts";
import { waitForLock } from "../../lib/files/lock_file.ts";
import { privateFolder } from "../../lib/files/private_folder.ts";
import { imageKeyPath } from "../../lib/program/ssh_signing.ts";
import { ownKey } from "../boot/own_key.ts";

const LIMIT = 1 << 20;

/**
 * The private key that signs what this user builds, made on first use. Its public half is put
 * among those that `tower provision` asks a signature of.
 */
export async function imageKey(env: Env): Promise<string> {
  const path = imageKeyPath(env);
  privateFolder(dirname(path));
  // Two first builds at once would each make a key, and sign with one that nobody lists.
  const waiting = { signal: env.signal, onWait() {} };
  using _lock = await waitForLock(`${path}.lock`, "tower-build", waiting);
  const isNew = !exists(path);
  const { file, publicKey } = ownKey(path, "tower-image");
  const signers = imageSignersPath({ folder: join(env.home, ".local", "tower") });
  const known = exists(signers) ? readText(signers, LIMIT) : "";
  if (!known.includes(publicKey)) {
    privateFolder(dirname(signers));
    const start = known === "" || known.endsWith("\n") ? known : `${known}\n`;
    const line = `image namespaces="file" ${publicKey}\n`;
    writeFileAtomic(signers, new TextEncoder().encode(start + line), 0o600);
  }
  if (isNew) {
    env.notes.write(
      `Made the key that signs your images: ${file}. Keep a copy of it\n` +
        `From now on tower provision takes only images that it signed, as ${signers} says\n`,
    );
  }
  return file;
}
