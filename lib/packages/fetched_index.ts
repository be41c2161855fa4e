import { concat } from "../bytes/bytes.ts";
import { digestOf, hexOf } from "../bytes/digest.ts";
import type { Fetcher } from "../fetch/port.ts";
import type { ContentStore } from "../store/ports.ts";
import { indexUrl } from "./repositories.ts";

/** Largest index file that is fetched: Alpine's community index has about 2 MiB. */
const INDEX_LIMIT = 64 << 20;

/** The bytes of a repository's index, as they come. @throws {TowerError} as the fetcher */
export async function fetchIndex(
  repositoryUrl: string,
  arch: string,
  fetcher: Fetcher,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  const url = indexUrl(repositoryUrl, arch);
  for await (const part of fetcher.stream(url, { limit: INDEX_LIMIT })) parts.push(part);
  return concat(parts);
}

/** Days of the newest packages of two indexes, as `2026-11-28`. */
export interface Rollback {
  readonly newest: string;
  /** Of one of the same repository that was read before. */
  readonly before: string;
}

/**
 * Whether an index is older than one that was read before: signed as well, it may hide updates. No index
 * has a date (apk-tools' has none); its newest package has, which is remembered.
 *
 * @param repository what it is known by
 * @param newest when its newest package was built, in seconds since 1970
 */
export function rollbackOf(
  repository: string,
  arch: string,
  newest: number,
  store: Pick<ContentStore, "readNote" | "writeNote">,
): Rollback | undefined {
  const note = hexOf(digestOf(`${arch} ${repository}`));
  const seen = store.readNote("index", note) as { newest: number } | undefined;
  if (seen === undefined || newest > seen.newest) store.writeNote("index", note, { newest });
  if (seen === undefined || newest >= seen.newest) return undefined;
  const day = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
  return { newest: day(newest), before: day(seen.newest) };
}
