import type { Digest } from "../brand.ts";
import { digestOf, hexOf } from "../bytes/digest.ts";
import { TowerError } from "../errors.ts";
import type { Fetcher } from "../fetch/port.ts";
import { shownUrl } from "../report/shown_url.ts";
import type { ContentStore } from "../store/ports.ts";

type Store = Pick<ContentStore, "put" | "has" | "isWhole" | "open" | "readNote" | "writeNote">;

const KIND = "index-file";
const nameOf = (url: string) => hexOf(digestOf(url));

/** Keeps an index as it was fetched. @param url of its file */
export function keepIndex(url: string, index: Uint8Array, store: Store): void {
  store.writeNote(KIND, nameOf(url), { digest: store.put(index) });
}

/**
 * Gives the indexes that were kept, and nothing else: whoever wants a package must find it in the store.
 * They are verified by whoever reads them, as if they came from the repository.
 */
export function keptIndexes(store: Store): Fetcher {
  return {
    async *stream(url) {
      const note = store.readNote(KIND, nameOf(url)) as { digest: Digest } | undefined;
      if (note === undefined || !store.has(note.digest) || !store.isWhole(note.digest)) {
        throw new TowerError("offline", `Cannot have "${shownUrl(url)}": it is not in the cache`, {
          hint: "Without --offline it is fetched by way of the router, and kept",
        });
      }
      const source = store.open(note.digest);
      const bytes = new Uint8Array(source.size);
      source.readAt(0, bytes);
      yield bytes;
    },
  };
}
