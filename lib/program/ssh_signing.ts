import type { Env } from "../env.ts";
import { TowerError } from "../errors.ts";
import { readText, tempDir, writeFileAtomic } from "../files/files.ts";
import { SIGNATURE_SUFFIX } from "../release/file_names.ts";
import { type PrivateKeyFile, readPrivateKeyFile } from "../ssh_signature/private_key.ts";
import { FILE_NAMESPACE, signMessage } from "../ssh_signature/signature.ts";

const KEYGEN = "ssh-keygen";
const LIMIT = 64 << 10;
/** What ssh-keygen needs to find an agent, or to ask for a passphrase. */
const PASSED_ON = ["SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY"];

/** A key that signs, and the file that it came from. */
export interface SigningKeyFile {
  readonly file: string;
  readonly key: PrivateKeyFile;
}

/** The private key that signs what this user builds, whether it is there or not. */
export function imageKeyPath({ home, variable }: Pick<Env, "home" | "variable">): string {
  const config = variable("XDG_CONFIG_HOME");
  // A relative path is to be ignored (XDG Base Directory Specification).
  return `${config?.startsWith("/") ? config : `${home}/.config`}/tower/image_key`;
}

/** @throws {TowerError} `not-found`, or `malformed` for what is no key */
export function readSigningKey(file: string): SigningKeyFile {
  return { file, key: readPrivateKeyFile(readText(file, LIMIT), file) };
}

/**
 * Signs files, by ssh-keygen where the key needs it.
 * @param files their bytes by name
 * @returns the signatures, in their order
 */
export async function signFiles(
  { file, key }: SigningKeyFile,
  files: Readonly<Record<string, Uint8Array>>,
  env: Env,
): Promise<string[]> {
  return key.kind === "ed25519"
    ? Object.values(files).map((bytes) => signMessage(key, FILE_NAMESPACE, bytes))
    : await signByProgram(file, key, files, env);
}

/** Signs with ssh-keygen, which asks on the terminal for a passphrase or asks the agent. */
async function signByProgram(
  keyFile: string,
  { why }: Extract<PrivateKeyFile, { kind: "ssh-keygen" }>,
  files: Readonly<Record<string, Uint8Array>>,
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
  const paths = Object.entries(files).map(([name, bytes]) => {
    const path = `${copies.path}/${name}`;
    writeFileAtomic(path, bytes);
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
