import { TowerError } from "../../errors.ts";
import type { Entry, FileEntry, HardlinkEntry } from "../../tree/entry.ts";
import type { FileTree } from "../../tree/file_tree.ts";

/** A file that has more than one name. */
interface LinkedFile {
  readonly number: number;
  /** The first of its names: its inode is written for that one. */
  readonly first: string;
  links: number;
}

/** The numbers of a tree's inodes: those of what a directory holds follow each other. */
export class Numbering {
  readonly #tree: FileTree;
  /** Of what a directory holds the first number. */
  readonly #firsts = new Map<string, number>();
  readonly #linked = new Map<string, LinkedFile>();
  /** How many inodes there are: they are numbered from 1, the root. */
  readonly count: number;

  /** @throws {TowerError} `malformed` for a hard link to no file */
  constructor(tree: FileTree) {
    this.#tree = tree;
    let count = 1;
    for (const { type, path } of tree.walk()) {
      if (type !== "directory") continue;
      this.#firsts.set(path, count + 1);
      for (const child of tree.children(path)) {
        const file = fileOf(tree, child);
        const known = file && this.#linked.get(file.path);
        if (known) known.links++;
        else count++;
        if (file && !known && tree.hasLinks(file.path)) {
          this.#linked.set(file.path, { number: count, first: child.path, links: 1 });
        }
      }
    }
    this.count = count;
  }

  /** What a directory holds, each with its number. */
  *childrenOf(path: string): Generator<{ readonly child: Entry; readonly number: number }> {
    let next = this.#firsts.get(path)!;
    for (const child of this.#tree.children(path)) {
      const linked = this.linkedTo(child);
      if (linked && linked.first !== child.path) yield { child, number: linked.number };
      else yield { child, number: next++ };
    }
  }

  /** A file with several names that an entry is one of. */
  linkedTo(entry: Entry): LinkedFile | undefined {
    const file = fileOf(this.#tree, entry);
    return file && this.#linked.get(file.path);
  }
}

/** The file that an entry names. */
export function fileOf(tree: FileTree, entry: Entry): FileEntry | undefined {
  if (entry.type === "file") return entry;
  if (entry.type !== "hardlink") return undefined;
  const file = tree.get(entry.target);
  if (file?.type === "file") return file;
  throw noFile(entry);
}

function noFile({ path, target }: HardlinkEntry): TowerError {
  return new TowerError(
    "malformed",
    `Cannot write "/${path}" to squashfs: it is a hard link to "/${target}", which is no file`,
  );
}
