import { readIndexArchive } from "../apk/index_archive.ts";
import { parseIndex } from "../apk/index_text.ts";
import { link } from "../apk/solver/link.ts";
import type { IndexedPackage, TrustedKey } from "../apk/types.ts";
import { TowerError } from "../errors.ts";
import { shownUrl } from "../report/shown_url.ts";
import type { ContentStore } from "../store/ports.ts";
import {
  type FetchedIndex,
  type IndexFacts,
  type LinkedIndexes,
  rememberLinked,
} from "./linked_indexes.ts";

/**
 * Verifies, reads and links indexes, and keeps what came of it in the store.
 * @throws {TowerError} `untrusted` or `malformed` where one is not what it should be.
 */
export async function linkIndexes(
  indexes: readonly FetchedIndex[],
  keys: readonly TrustedKey[],
  store: ContentStore,
): Promise<LinkedIndexes> {
  const facts: IndexFacts[] = [];
  const linked = link(readAll(indexes, keys, facts));
  await rememberLinked(indexes, { facts, linked }, store);
  return { facts, linked };
}

/** The packages of each index, which are many: one index after another is read. */
function* readAll(
  indexes: readonly FetchedIndex[],
  keys: readonly TrustedKey[],
  facts: IndexFacts[],
): Generator<IndexedPackage[]> {
  for (const index of indexes) {
    const { packages, signedBy } = readIndex(index, keys);
    const newest = packages.reduce((most, p) => Math.max(most, p.buildTime ?? 0), 0);
    facts.push({ packages: packages.length, newest, signedBy });
    yield packages;
  }
}

/** The packages that an index lists, once its signature is verified. */
function readIndex({ spec, bytes }: FetchedIndex, keys: readonly TrustedKey[]) {
  try {
    const { indexText, signedBy } = readIndexArchive(bytes, keys);
    return { packages: parseIndex(indexText), signedBy };
  } catch (cause) {
    if (!(cause instanceof TowerError)) throw cause;
    throw new TowerError(cause.code, `Cannot use repository "${shownUrl(spec.name)}"`, {
      cause,
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
    });
  }
}
