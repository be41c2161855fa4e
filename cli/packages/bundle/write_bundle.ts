import { resolve } from "@std/path";
import { readBundle } from "../../../lib/bundle/reader.ts";
import { bundlePieces, bundleSums } from "../../../lib/bundle/writer.ts";
import type { Env } from "../../../lib/env.ts";
import { TowerError } from "../../../lib/errors.ts";
import { createArtifact } from "../../../lib/files/artifact_file.ts";
import { exists } from "../../../lib/files/files.ts";
import { breathing } from "../../../lib/files/interruption.ts";
import {
  imageKeyPath,
  readSigningKey,
  signFiles,
  type SigningKeyFile,
} from "../../../lib/program/ssh_signing.ts";
import { SUMS_FILE } from "../../../lib/release/file_names.ts";
import type { BundleContents } from "./contents.ts";

/**
 * The key that signs a bundle: the one that is named, or the one that signs this user's images.
 * @throws {TowerError} `usage` where there is none
 */
export function bundleKey(named: string | undefined, env: Env): SigningKeyFile {
  if (named !== undefined) return readSigningKey(resolve(env.cwd, named));
  const own = imageKeyPath(env);
  if (exists(own)) return readSigningKey(own);
  throw new TowerError("usage", "Cannot sign the bundle: no key is named", {
    hint: "Name an SSH key with --key FILE; ssh-keygen -t ed25519 -f FILE makes one",
  });
}

/** A bundle that was written. */
export interface WrittenBundle {
  readonly size: number;
  readonly signer: string;
}

/** Signs and writes a bundle; nothing has its name before it is whole. */
export async function writeBundle(
  path: string,
  { files }: BundleContents,
  key: SigningKeyFile,
  env: Env,
): Promise<WrittenBundle> {
  const sums = bundleSums(files);
  const [signature] = await signFiles(key, { [SUMS_FILE]: sums }, env);
  const breathe = breathing(env.signal);
  using file = createArtifact(path);
  let size = 0;
  for (const piece of bundlePieces(files, sums, signature!)) {
    file.writeAt(size, piece);
    size += piece.length;
    await breathe();
  }
  const { signer } = readBundle({ size, readAt: file.readAt }, `"${path}"`, undefined);
  await file.commit();
  return { size, signer };
}
