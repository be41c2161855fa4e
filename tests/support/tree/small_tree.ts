import { TowerError } from "../../../lib/errors.ts";
import type { ContentReader } from "../../../lib/tree/entry.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";

/** A reader for trees whose content is all inline. */
export const inlineOnly: ContentReader = {
  open(blob) {
    throw new TowerError("not-found", `Cannot open blob "${blob}": there are none`);
  },
};

const OWNED = { uid: 0, gid: 0, mtime: 0, origin: "stage:test" } as const;

/** A tree from paths: bytes or text are files, `{link}` is a symbolic link, null a directory. */
export function smallTree(
  entries: Readonly<Record<string, string | Uint8Array | { link: string } | null>>,
): FileTree {
  const tree = new FileTree({ ...OWNED, mode: 0o755 });
  for (const [path, value] of Object.entries(entries)) {
    tree.putParents(path, OWNED.origin, OWNED.mtime);
    if (value === null) tree.put({ ...OWNED, type: "directory", path, mode: 0o755 });
    else if (typeof value !== "string" && "link" in value) {
      tree.put({ ...OWNED, type: "symlink", path, mode: 0o777, target: value.link });
    } else {
      const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
      tree.put({ ...OWNED, type: "file", path, mode: 0o755, content: { kind: "inline", bytes } });
    }
  }
  return tree;
}
