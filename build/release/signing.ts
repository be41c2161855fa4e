import type { Env } from "../../lib/env.ts";
import { FILE_NAMESPACE, signerOf } from "../../lib/ssh_signature/signature.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { readSigningKey, signFiles } from "../../lib/program/ssh_signing.ts";
import { writeFileAtomic } from "../../lib/files/files.ts";
import { SIGNATURE_SUFFIX, SIGNED_FILES } from "../../lib/release/file_names.ts";
import type { ReleaseFolder } from "../../lib/release/release_folder.ts";
import { checkFiles, requireGood } from "./verification.ts";

/**
 * Signs the digests and the record of a build, once all its files are found as they were made.
 * @returns the paths of the signatures and the fingerprint of the key
 */
export async function signBuild(
  folder: ReleaseFolder,
  keyFile: string,
  env: Env,
): Promise<{ files: string[]; signer: string }> {
  const key = readSigningKey(keyFile);
  {
    // It is gone before ssh-keygen asks.
    using reporter = reporterFor(env, false);
    requireGood(
      folder,
      await checkFiles(folder, { runner: env.runner, signal: env.signal, reporter }),
    );
  }
  const signed = Object.fromEntries(SIGNED_FILES.map((file) => [file, folder.bytes(file)]));
  const signatures = await signFiles(key, signed, env);
  const signers = SIGNED_FILES.map((file, i) =>
    signerOf(signatures[i]!, `"${folder.at(file)}"`, folder.bytes(file), FILE_NAMESPACE)
  );
  const files = SIGNED_FILES.map((file) => folder.at(file + SIGNATURE_SUFFIX));
  files.forEach((path, i) => writeFileAtomic(path, new TextEncoder().encode(signatures[i])));
  return { files, signer: signers[0]! };
}
