import { createHash, type Hash } from "node:crypto";
import { TowerError } from "../errors.ts";
import { type TarEntry, type TarHandler, TarReader } from "../format/tar_reader.ts";
import type { Content, EntryBase } from "../tree/entry.ts";
import { FileTree } from "../tree/file_tree.ts";
import { attempt } from "../files/file_error.ts";
import type { FolderTreeOptions } from "./folder_tree.ts";
import type { ContentStore } from "./ports.ts";

const LIMITS = { entries: 1_000_000, header: 1 << 20 };
const CHUNK = 1 << 20;

/** What stands in an archive, contents by their place in it and their digest. */
class Collector implements TarHandler {
  readonly entries: { readonly tar: TarEntry; readonly sha256: string }[] = [];
  #last: { tar: TarEntry; hash: Hash } | undefined;

  entry(tar: TarEntry): void {
    this.#last = { tar, hash: createHash("sha256") };
  }

  content(bytes: Uint8Array): void {
    this.#last!.hash.update(bytes);
  }

  end(): void {
    const { tar, hash } = this.#last!;
    this.entries.push({ tar, sha256: hash.digest("hex") });
  }
}

/**
 * A tar archive (ustar, PAX, GNU) as a tree: modes, numbers of owners, extended attributes, hard
 * links, devices and FIFOs as the archive has them, which needs no rights on this machine. Times
 * and owners' names do not count. The archive goes into the store, as one blob.
 *
 * @throws {TowerError} `malformed` for what is no such archive, for a path that leaves it or comes
 * twice, and for a hard link to what is no file before it.
 */
export function readTarTree(
  path: string,
  store: ContentStore,
  { origin, mtime }: FolderTreeOptions,
): FileTree {
  const collector = new Collector();
  const blob = storeArchive(path, store, collector);
  const tree = new FileTree({ mode: 0o755, uid: 0, gid: 0, mtime, origin });
  for (const { tar, sha256 } of collector.entries) {
    const place = plainPath(tar.path);
    if (place === "") continue;
    const { mode, uid, gid, xattrs, offset, size } = tar;
    const base = { path: place, mode, uid, gid, mtime, origin, ...(xattrs.size ? { xattrs } : {}) };
    try {
      if (tree.get(place)) throw new TowerError("malformed", "it comes twice");
      put(tree, tar, base, { kind: "span", blob, offset, size, sha256 });
    } catch (cause) {
      throw new TowerError("malformed", `Cannot take "${tar.path}" of "${path}"`, { cause });
    }
  }
  return tree;
}

function put(tree: FileTree, tar: TarEntry, base: EntryBase, content: Content): void {
  tree.putParents(base.path, base.origin, base.mtime);
  switch (tar.type) {
    case "file":
      return tree.put({ ...base, type: "file", content });
    case "symlink":
      return tree.put({ ...base, type: "symlink", target: tar.target });
    case "hardlink": {
      const named = tree.get(plainPath(tar.target));
      const file = named?.type === "hardlink" ? tree.get(named.target) : named;
      if (file?.type === "file") return tree.put({ ...base, type: "hardlink", target: file.path });
      throw new TowerError("malformed", `it is a hard link to "${tar.target}", no file before it`);
    }
    case "char":
    case "block":
      return tree.put({ ...base, type: tar.type, major: tar.major, minor: tar.minor });
    default:
      return tree.put({ ...base, type: tar.type });
  }
}

/** `tar -C DIR .` puts `./` before each path, and a slash behind folders. */
function plainPath(path: string): string {
  return path.replace(/^(\.\/+)+|^\.$/, "").replace(/\/+$/, "");
}

function storeArchive(path: string, store: ContentStore, collector: Collector) {
  const writer = store.writer();
  try {
    const tar = new TarReader(collector, LIMITS);
    attempt("read", path, () => {
      using file = Deno.openSync(path);
      const chunk = new Uint8Array(CHUNK);
      for (let n; (n = file.readSync(chunk)) !== null;) {
        tar.push(chunk.subarray(0, n));
        writer.write(chunk.subarray(0, n));
      }
    });
    tar.finish();
    return writer.commit().digest;
  } finally {
    writer.discard();
  }
}
