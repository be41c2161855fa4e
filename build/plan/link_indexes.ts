import { readIndexArchive } from "../../lib/apk/index_archive.ts";
import { parseIndex } from "../../lib/apk/index_text.ts";
import { link } from "../../lib/apk/solver/link.ts";
import type { TrustedKey } from "../../lib/apk/types.ts";
import { TowerError } from "../../lib/errors.ts";
import { shownUrl } from "../../lib/report/shown_url.ts";
import type { ContentStore } from "../../lib/store/ports.ts";
import { type FetchedIndex, type LinkedIndexes, rememberLinked } from "./linked_indexes.ts";

/**
 * Verifies, reads and links indexes, and keeps what came of it in the store.
 * @throws {TowerError} `untrusted` or `malformed` where one is not what it should be.
 */
export async function linkIndexes(
  indexes: readonly FetchedIndex[],
  keys: readonly TrustedKey[],
  store: ContentStore,
): Promise<LinkedIndexes> {
  const read = indexes.map((index) => readIndex(index, keys));
  const made = {
    facts: read.map(({ packages, signedBy }) => ({
      packages: packages.length,
      newest: packages.reduce((most, p) => Math.max(most, p.buildTime ?? 0), 0),
      signedBy,
    })),
    linked: link(read.map(({ packages }) => packages)),
  };
  await rememberLinked(indexes, made, store);
  return made;
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
