import { TowerError } from "../errors.ts";
import type { Content, Origin } from "../tree/entry.ts";
import { wholeBlob } from "../tree/content.ts";
import { FileTree } from "../tree/file_tree.ts";
import { attempt } from "../files/file_error.ts";
import { entriesOf } from "../files/folder_entries.ts";
import type { ContentStore } from "./ports.ts";

/** What a folder's files become where the machine's own facts mean nothing. */
export interface FolderTreeOptions {
  readonly origin: Origin;
  /** Seconds since 1970 of every entry. */
  readonly mtime: number;
}

/**
 * A folder as a tree: names, contents, symbolic and hard links, and the twelve permission bits as
 * they are on disk, everything owned by root. Contents go into the store. Extended attributes
 * cannot be read: Deno has no getxattr(2).
 *
 * @throws {TowerError} `unsupported` for sockets, devices and FIFOs.
 */
export function readFolderTree(
  folder: string,
  store: ContentStore,
  { origin, mtime }: FolderTreeOptions,
): FileTree {
  const owned = { uid: 0, gid: 0, mtime, origin };
  const tree = new FileTree({ ...owned, mode: 0o755 });
  /** The first path of each file that has several, by device and inode. */
  const linked = new Map<string, string>();
  const add = (prefix: string): void => {
    for (const { name, type } of entriesOf(`${folder}/${prefix}`)) {
      const path = prefix + name;
      const source = `${folder}/${path}`;
      const state = attempt("look at", source, () => Deno.lstatSync(source));
      const mode = (state.mode ?? 0) & 0o7777;
      const inode = `${state.dev}:${state.ino}`;
      const target = linked.get(inode);
      if (type === "directory") {
        tree.put({ ...owned, type, path, mode });
        add(`${path}/`);
      } else if (type === "symlink") {
        const target = attempt("read", source, () => Deno.readLinkSync(source));
        tree.put({ ...owned, type, path, mode: 0o777, target });
      } else if (type === "file" && target !== undefined) {
        tree.put({ ...owned, type: "hardlink", path, mode, target });
      } else if (type === "file") {
        if ((state.nlink ?? 1) > 1) linked.set(inode, path);
        tree.put({ ...owned, type, path, mode, content: storeFile(source, store) });
      } else {
        throw new TowerError(
          "unsupported",
          `Cannot take "${source}": it is no file, folder or link`,
        );
      }
    }
  };
  add("");
  return tree;
}

function storeFile(path: string, store: ContentStore): Content {
  return attempt("read", path, () => {
    using file = Deno.openSync(path);
    const writer = store.writer();
    try {
      const chunk = new Uint8Array(1 << 20);
      for (let n; (n = file.readSync(chunk)) !== null;) writer.write(chunk.subarray(0, n));
      return wholeBlob(writer.commit());
    } finally {
      writer.discard();
    }
  });
}
