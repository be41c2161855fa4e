import type { Repository } from "../apk/solver.ts";
import { labelOf } from "../packages/package_change.ts";
import type { OfferedFile } from "./deno_package_server.ts";

/**
 * Files at the paths of all repositories that have the very same package: of those apk asks one, and
 * not always the first (apk-tools 2.14 src/database.c apk_db_select_repo).
 *
 * @param files by path, which begins with the place of its repository: `/0/x86_64/wget-1.21.4-r0.apk`
 */
export function atEveryRepository(
  files: ReadonlyMap<string, OfferedFile>,
  sources: readonly Pick<Repository, "packages">[],
): ReadonlyMap<string, OfferedFile> {
  if (sources.length < 2) return files;
  const identities = sources.map(({ packages }) =>
    new Map(packages.map((p) => [`${labelOf(p)}.apk`, p.identity]))
  );
  const all = new Map(files);
  for (const [path, file] of files) {
    const [, place, folder, name] = /^\/(\d+)\/(.+)\/(.+)$/.exec(path)!;
    const identity = identities[Number(place)]!.get(name!);
    if (identity === undefined) continue;
    identities.forEach((others, i) => {
      if (others.get(name!) === identity) all.set(`/${i}/${folder}/${name}`, file);
    });
  }
  return all;
}
