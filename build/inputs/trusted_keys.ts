import { join, resolve } from "@std/path";
import type { TrustedKey } from "../../lib/apk/types.ts";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { exists } from "../../lib/files/files.ts";
import { readKeyFolder } from "../../lib/package_way/key_folder.ts";
import type { RepositorySpec } from "../../lib/packages/repositories.ts";
import { labHint } from "./lab_hint.ts";
import { LAB } from "./repositories.ts";

/** Where `deno task lab` puts its repository; a folder for each architecture lies in it. */
export function labFolder(env: Env): string {
  return join(env.cacheDir, LAB);
}

/** What decides which keys are trusted. */
export interface KeyRequest {
  readonly repositories: readonly RepositorySpec[];
  /** As the command line has it. */
  readonly folder: string | undefined;
  readonly arch: string;
  /** Those that a lock names. */
  readonly locked?: readonly TrustedKey[] | undefined;
}

/**
 * The keys to trust: those of the folder given; else, where the lab repository is among the
 * repositories, its own; else the ones that the lock names.
 */
export function trustedKeys(request: KeyRequest, env: Env): readonly TrustedKey[] {
  const { repositories, folder, arch, locked } = request;
  if (folder !== undefined) return readKeyFolder(resolve(env.cwd, folder), arch);
  const labKeys = join(labFolder(env), "keys-public");
  if (repositories.some((r) => r.name === LAB) && exists(labKeys)) {
    return readKeyFolder(labKeys, arch);
  }
  if (locked !== undefined) return locked;
  const lab = repositories.find((r) => r.name === LAB);
  if (lab) {
    throw new TowerError("not-found", "Cannot use the lab repository: it was not made yet", {
      hint: labHint(),
    });
  }
  throw new TowerError("usage", "Cannot trust any package: no key is given", {
    hint: "name the folder with the repository's public keys: --keys DIR",
  });
}
