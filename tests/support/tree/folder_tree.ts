import { join } from "@std/path";
import type { Digest } from "../../../lib/brand.ts";
import type { ByteSource } from "../../../lib/bytes/bytes.ts";
import type { ContentReader } from "../../../lib/tree/entry.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";

const OWNED = { uid: 0, gid: 0, mtime: 0, origin: "stage:test" } as const;

/** A folder of the machine as a tree, and the reader of its content: nothing is loaded. */
export interface FolderTree {
  readonly tree: FileTree;
  readonly reader: ContentReader;
}

/** Reads folders into one tree; of files at the same path the last folder's counts. */
export function folderTree(...folders: readonly string[]): FolderTree {
  const tree = new FileTree({ ...OWNED, mode: 0o755 });
  for (const folder of folders) addFolder(tree, folder, "");
  return {
    tree,
    // A name instead of a digest: hashing a whole kernel would only cost time here.
    reader: { open: (blob) => fileSource(blob) },
  };
}

function addFolder(tree: FileTree, folder: string, under: string): void {
  for (const { name, isDirectory, isSymlink } of Deno.readDirSync(join(folder, under))) {
    const path = under === "" ? name : `${under}/${name}`;
    const file = join(folder, path);
    if (isSymlink) {
      tree.put({ ...OWNED, type: "symlink", path, mode: 0o777, target: Deno.readLinkSync(file) });
      continue;
    }
    const { mode, size } = Deno.statSync(file);
    const owned = { ...OWNED, path, mode: (mode ?? 0o755) & 0o7777 };
    if (isDirectory) {
      tree.put({ ...owned, type: "directory" });
      addFolder(tree, folder, path);
    } else {
      const content = {
        kind: "span",
        blob: file as Digest,
        offset: 0,
        size,
        sha256: undefined,
      } as const;
      tree.put({ ...owned, type: "file", content });
    }
  }
}

function fileSource(path: string): ByteSource {
  return {
    size: Deno.statSync(path).size,
    readAt(offset, into) {
      using file = Deno.openSync(path);
      file.seekSync(offset, Deno.SeekMode.Start);
      return file.readSync(into) ?? 0;
    },
  };
}
