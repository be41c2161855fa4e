import { join } from "@std/path";
import type { Digest } from "../../lib/brand.ts";
import type { Content, ContentReader } from "../../lib/tree/entry.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import { fileSource } from "../support/program/file_sink.ts";

const META = { uid: 0, gid: 0, origin: "stage:bench" } as const;

/** A folder as a tree; its files are blobs that are opened one at a time. */
export function treeOf(folder: string): { tree: FileTree; reader: ContentReader } & Disposable {
  const tree = new FileTree({ ...META, mode: 0o755, mtime: 0 });
  const paths = new Map<Digest, string>();
  const pending = [""];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const { name } of Deno.readDirSync(join(folder, at))) {
      const path = at === "" ? name : `${at}/${name}`;
      const full = join(folder, path);
      const { isDirectory, isSymlink, mode, mtime, size } = Deno.lstatSync(full);
      const base = {
        ...{ ...META, path, mode: mode! & 0o7777, mtime: Math.floor(mtime!.getTime() / 1000) },
      };
      if (isDirectory) {
        tree.put({ ...base, type: "directory" });
        pending.push(path);
      } else if (isSymlink) {
        tree.put({ ...base, type: "symlink", target: Deno.readLinkSync(full) });
      } else {
        const blob = `sha256:${paths.size.toString(16).padStart(64, "0")}` as Digest;
        paths.set(blob, full);
        const content: Content = { kind: "span", blob, offset: 0, size, sha256: undefined };
        tree.put({ ...base, type: "file", content });
      }
    }
  }
  let open: ReturnType<typeof fileSource> | undefined;
  const close = () => {
    open?.[Symbol.dispose]();
    open = undefined;
  };
  const reader: ContentReader = {
    open(blob) {
      close();
      return open = fileSource(paths.get(blob)!);
    },
  };
  return { tree, reader, [Symbol.dispose]: close };
}
