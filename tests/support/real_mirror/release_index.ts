import { join } from "@std/path";
import { readIndexArchive } from "../../../lib/apk/index_archive.ts";
import { parseIndex } from "../../../lib/apk/index_text.ts";
import { loadTrustedKey } from "../../../lib/apk/signature.ts";
import type { IndexedPackage } from "../../../lib/apk/types.ts";
import { exists, listDir } from "../../../lib/files/files.ts";
import { oracleData, oracleMissing } from "../apk/alpine_oracle.ts";
import { repositoryMissing } from "../apk/alpine_repository.ts";

/** The release whose indexes are there, signed and whole, with some of its packages. */
const RELEASE = "alpine-3.19";
export const REPOSITORIES = ["main", "community"] as const;
export type RepositoryName = (typeof REPOSITORIES)[number];

const pathOf = (name: string) => join(oracleData() ?? "", RELEASE, name);

/** Why there is no such release, or undefined where there is one. */
export function releaseMissing(): string | undefined {
  const missing = oracleMissing() ?? repositoryMissing();
  if (missing !== undefined) return missing;
  return REPOSITORIES.every((name) => exists(pathOf(`${name}.APKINDEX.tar.gz`)))
    ? undefined
    : `no indexes of ${RELEASE} in the Alpine data`;
}

/** A release as its indexes tell of it. */
export interface Release {
  readonly repositories: ReadonlyMap<RepositoryName, readonly IndexedPackage[]>;
  /** The path of a package that is there, by `name-version`. */
  readonly real: ReadonlyMap<string, string>;
  /** Folder with the keys that signed it. */
  readonly keysFolder: string;
}

/**
 * The release as it was when the packages that are there were its newest: the indexes are some
 * weeks younger, so what both know is taken from the packages' own index.
 */
export function readRelease(): Release {
  const keysFolder = pathOf("keys");
  const keys = listDir(keysFolder).map((name) =>
    loadTrustedKey(name, Deno.readTextFileSync(join(keysFolder, name)))
  );
  const read = (path: string) =>
    parseIndex(readIndexArchive(Deno.readFileSync(path), keys).indexText);
  const there = read(pathOf("apks/x86_64/APKINDEX.tar.gz"));
  const byName = new Map(there.map((item) => [item.name, item]));
  const repositories = REPOSITORIES.map((name) => {
    const all = read(pathOf(`${name}.APKINDEX.tar.gz`));
    return [name, all.map((item) => byName.get(item.name) ?? item)] as const;
  });
  const files = there.map(({ name, version }) => `${name}-${version}`);
  return {
    repositories: new Map(repositories),
    real: new Map(files.map((file) => [file, pathOf(`apks/x86_64/${file}.apk`)])),
    keysFolder,
  };
}
