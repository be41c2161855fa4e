import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { type PrivateKeyFile, readPrivateKeyFile } from "../../lib/ssh_signature/private_key.ts";
import { FILE_NAMESPACE, signerOf, signMessage } from "../../lib/ssh_signature/signature.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { readText, tempDir, writeFileAtomic } from "../../lib/files/files.ts";
import { join } from "@std/path";
import { SIGNATURE_SUFFIX, SIGNED_FILES } from "../../lib/release/file_names.ts";
import type { ReleaseFolder } from "../../lib/release/release_folder.ts";
import { checkFiles, requireGood } from "./verification.ts";

const KEYGEN = "ssh-keygen";
const LIMIT = 64 << 10;
/** What ssh-keygen needs to find an agent, or to ask for a passphrase. */
const PASSED_ON = ["SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY"];

/** @throws {TowerError} `not-found`, or `malformed` for what is no key */
export function readSigningKey(file: string): PrivateKeyFile {
  return readPrivateKeyFile(readText(file, LIMIT), file);
}

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
  const signatures = key.kind === "ed25519"
    ? SIGNED_FILES.map((file) => signMessage(key, FILE_NAMESPACE, folder.bytes(file)))
    : await signByProgram(folder, keyFile, key, env);
  const signers = SIGNED_FILES.map((file, i) =>
    signerOf(signatures[i]!, `"${folder.at(file)}"`, folder.bytes(file), FILE_NAMESPACE)
  );
  const files = SIGNED_FILES.map((file) => folder.at(file + SIGNATURE_SUFFIX));
  files.forEach((path, i) => writeFileAtomic(path, new TextEncoder().encode(signatures[i])));
  return { files, signer: signers[0]! };
}

/** Signs with ssh-keygen, which asks on the terminal for a passphrase or asks the agent. */
async function signByProgram(
  folder: ReleaseFolder,
  keyFile: string,
  { why }: Extract<PrivateKeyFile, { kind: "ssh-keygen" }>,
  env: Env,
): Promise<string[]> {
  if (env.runner.which(KEYGEN) === undefined) {
    throw new TowerError(
      "tool",
      `Cannot sign with "${keyFile}": ${why}, and there is no ${KEYGEN}`,
      {
        hint: "Debian: apt-get install openssh-client; Alpine: apk add openssh-keygen",
      },
    );
  }
  // Copies: ssh-keygen asks before it replaces a signature that is there.
  using copies = tempDir();
  const paths = SIGNED_FILES.map((file) => {
    const path = join(copies.path, file);
    writeFileAtomic(path, folder.bytes(file));
    return path;
  });
  const variables = Object.fromEntries(PASSED_ON.flatMap((name) => {
    const value = env.variable(name);
    return value === undefined ? [] : [[name, value]];
  }));
  const argv = [KEYGEN, "-Y", "sign", "-q", "-n", FILE_NAMESPACE, "-f", keyFile, ...paths] as const;
  await using child = env.runner.spawn({ argv: [...argv], variables }, {
    stdio: "inherit",
    signal: env.signal,
  });
  const ending = await child.ended;
  env.signal.throwIfAborted();
  if (ending.kind !== "exited" || ending.code !== 0) {
    throw new TowerError("tool", `Cannot sign with "${keyFile}": ${KEYGEN} failed; ${why}`);
  }
  return paths.map((path) => readText(path + SIGNATURE_SUFFIX, LIMIT));
}
