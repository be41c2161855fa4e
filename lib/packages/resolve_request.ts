import type { TrustedKey } from "../apk/types.ts";
import type { Wanted } from "../apk/wanted.ts";
import type { Digest } from "../brand.ts";
import { digestOf } from "../bytes/digest.ts";
import { canonicalJson } from "../json.ts";
import type { RepositorySpec } from "./repositories.ts";

/** What repositories packages are chosen from, and what they are checked with. */
export interface RepositoriesRequest {
  readonly arch: string;
  readonly repositories: readonly RepositorySpec[];
  readonly keys: readonly TrustedKey[];
}

/** What the packages of a system are chosen by; two equal values ask for the same thing. */
export interface ApkRequest extends RepositoriesRequest {
  /** Of the system: a tree's. */
  readonly name: string;
  readonly world: readonly Wanted[];
  /** Items that are wanted where a repository has them. */
  readonly optional: readonly Wanted[];
}

/** The digest of a request that a lock carries. Where a repository lies is no part. */
export function inputsDigest(request: Omit<ApkRequest, "name">): Digest {
  return digestOf(canonicalJson({
    arch: request.arch,
    world: [...request.world].sort(),
    ...(request.optional.length > 0 ? { optional: [...request.optional].sort() } : {}),
    repositories: request.repositories.map(({ name, tag }) => ({ name, tag: tag ?? "" })),
    keys: request.keys.map((k) => `${k.name} ${k.digest}`).sort(),
  }));
}
