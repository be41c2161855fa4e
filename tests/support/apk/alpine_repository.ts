import { join } from "@std/path";
import { parseDependency } from "../../../lib/apk/dependency.ts";
import { readIndexArchive } from "../../../lib/apk/index_archive.ts";
import { parseIndex } from "../../../lib/apk/index_text.ts";
import { packageLimits, readPackage } from "../../../lib/apk/package_reader.ts";
import { loadTrustedKey } from "../../../lib/apk/signature.ts";
import { formatProblems, solve } from "../../../lib/apk/solver.ts";
import type { TrustedKey, UnpackedPackage } from "../../../lib/apk/types.ts";
import { streamOf } from "./apk_files.ts";
import { oracleData } from "./alpine_oracle.ts";
import { MemoryStore } from "../tree/memory_store.ts";

/** A release's repository with its packages, as a mirror holds it. */
export interface AlpineRepository {
  /** The folder that apk takes for a repository. */
  readonly folder: string;
  readonly keysFolder: string;
  readonly keys: readonly TrustedKey[];
  /** Names of all its packages. */
  readonly names: readonly string[];
}

/** Why there is no real repository, or undefined where there is one. */
export function repositoryMissing(): string | undefined {
  const data = oracleData();
  const there = data !== undefined && exists(join(data, "alpine-3.19/apks/x86_64"));
  return there ? undefined : "no real repository; set TOWER_ORACLE_DATA";
}

/** The repository of Alpine's 3.19.1 ISO for x86_64. */
export function alpineRepository(): AlpineRepository {
  const folder = join(oracleData()!, "alpine-3.19/apks");
  const keysFolder = join(oracleData()!, "alpine-3.19/keys");
  const keys = [...Deno.readDirSync(keysFolder)].map(({ name }) =>
    loadTrustedKey(name, Deno.readTextFileSync(join(keysFolder, name)))
  );
  const names = readIndex(folder, keys).map((item) => item.name);
  return { folder, keysFolder, keys, names };
}

/** What a world brings out of a repository: chosen, read and verified as a build does. */
export async function packagesOf(
  { folder, keys }: AlpineRepository,
  world: readonly string[],
  store: MemoryStore,
): Promise<UnpackedPackage[]> {
  const repository = { url: folder, packages: readIndex(folder, keys) };
  const solution = solve(world.map(parseDependency), [repository], { arch: "x86_64" });
  if (!solution.ok) throw new Error(formatProblems(solution.problems));
  const packages: UnpackedPackage[] = [];
  for (const { package: listed } of solution.install) {
    const path = join(folder, `x86_64/${listed.name}-${listed.version}.apk`);
    packages.push(
      await readPackage(streamOf(Deno.readFileSync(path), 1 << 20), {
        keys,
        data: store.writer(),
        limits: packageLimits(listed),
        expect: listed,
      }),
    );
  }
  return packages;
}

function readIndex(folder: string, keys: readonly TrustedKey[]) {
  const archive = Deno.readFileSync(join(folder, "x86_64/APKINDEX.tar.gz"));
  return parseIndex(readIndexArchive(archive, keys).indexText);
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
