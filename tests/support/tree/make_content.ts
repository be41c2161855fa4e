import type { MakeContent } from "../../../build/stages/stage.ts";
import type { ContentStore } from "../../../lib/store/ports.ts";
import { wholeBlob } from "../../../lib/tree/content.ts";

/** Makes contents of a store; it compresses nothing. */
export function contentMaker(store: Pick<ContentStore, "writer">): MakeContent {
  return async (compression, write) => {
    if (compression !== "none") throw new Error("nothing is compressed here");
    const blob = store.writer();
    await write(blob);
    return wholeBlob(blob.commit());
  };
}
