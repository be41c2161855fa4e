import type { Digest } from "../../lib/brand.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { canonicalJson } from "../../lib/json.ts";
import { TowerError } from "../../lib/errors.ts";
import type { ContentStore } from "../../lib/store/ports.ts";
import { bytesOf, wholeBlob } from "../../lib/tree/content.ts";
import type { Content } from "../../lib/tree/entry.ts";
import type { MadeFiles } from "../stages/stage.ts";

/** What was made, by name: blobs of the store. */
type Note = Readonly<Record<string, { readonly digest: Digest; readonly size: number }>>;

/**
 * Files that are made once of the same parts by the same program, and then taken from the store.
 * What lies there is hashed first: what is damaged or gone is made anew.
 *
 * @param program digest of what makes them
 */
export function madeFiles(store: ContentStore, program: () => Digest): MadeFiles {
  return async (kind, parts, make) => {
    const name = digestOf(canonicalJson({ parts, program: program() })).replace("sha256:", "");
    const before = recalled(store, kind, name);
    if (before) return before;
    const files = [...await make()].map(([file, bytes]) =>
      [file, { digest: store.put(bytes), size: bytes.length }] as const
    );
    const note: Note = Object.fromEntries(files);
    store.writeNote(kind, name, note);
    return contentsOf(note);
  };
}

function recalled(
  store: ContentStore,
  kind: string,
  name: string,
): ReadonlyMap<string, Content> | undefined {
  const note = store.readNote(kind, name) as Note | undefined;
  if (note === undefined) return undefined;
  const files = contentsOf(note);
  try {
    for (const content of files.values()) bytesOf(store, content);
    return files;
  } catch (error) {
    if (error instanceof TowerError) return undefined;
    throw error;
  }
}

function contentsOf(note: Note): ReadonlyMap<string, Content> {
  return new Map(Object.entries(note).map(([file, blob]) => [file, wholeBlob(blob)]));
}
