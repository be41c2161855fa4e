import { join, resolve } from "@std/path";
import { loadTrustedKey } from "../lib/apk/signature.ts";
import type { TrustedKey } from "../lib/apk/types.ts";
import type { Env } from "../lib/env.ts";
import { TowerError } from "../lib/errors.ts";
import { exists, listDir, readText } from "../lib/store/files.ts";
import type { Lock } from "./plan/lock.ts";
import { LAB, type RepositorySpec } from "./plan/repositories.ts";

/** Where `deno task lab` puts its repository; a folder for each architecture lies in it. */
export function labFolder(env: Env): string {
  return join(env.cacheDir, LAB);
}

/**
 * The keys to trust: those of the folder given; else, where the lab repository is among the
 * repositories, its own; else the ones that the lock names.
 */
export function trustedKeys(
  repositories: readonly RepositorySpec[],
  keysFolder: string | undefined,
  env: Env,
  lock?: Lock,
): readonly TrustedKey[] {
  if (keysFolder !== undefined) return readKeys(resolve(env.cwd, keysFolder));
  const labKeys = join(labFolder(env), "keys-public");
  if (repositories.some((r) => r.name === LAB) && exists(labKeys)) return readKeys(labKeys);
  if (lock !== undefined) return lock.keys;
  const lab = repositories.find((r) => r.name === LAB);
  if (lab) {
    throw new TowerError("not-found", "Cannot use the lab repository: it was not made yet", {
      hint: "make it with: deno task lab",
    });
  }
  throw new TowerError("usage", "Cannot trust any package: no key is given", {
    hint: "name the folder with the repository's public keys: --keys DIR",
  });
}

function readKeys(folder: string): TrustedKey[] {
  const names = listDir(folder).filter((name) => name.endsWith(".pub"));
  if (names.length === 0) {
    throw new TowerError("not-found", `Cannot find a public key (*.pub) in "${folder}"`);
  }
  return names.map((name) => loadTrustedKey(name, readText(join(folder, name), 64 << 10)));
}
