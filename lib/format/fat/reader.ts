import type { Steps } from "../../breathe.ts";
import type { Digest } from "../../brand.ts";
import { type ByteSource, concat, readExactly } from "../../bytes/bytes.ts";
import { TowerError } from "../../errors.ts";
import type { ContentReader, EntryBase } from "../../tree/entry.ts";
import { childOf, FileTree, isCanonical } from "../../tree/file_tree.ts";
import { type Piece, PlacedContents, rangeOf, readerOf } from "../placed_contents.ts";
import { type FatParts, readFatParts } from "./boot_record.ts";
import { ChainReader } from "./chain_reader.ts";
import { type FatEntry, readFatDirectory } from "./directory_reader.ts";
import { malformed } from "./volume.ts";

/** More names than any volume that boots has. */
const MOST_ENTRIES = 1_000_000;
/** Bytes of a directory: 65,536 slots (Microsoft FAT specification, §6). */
const LARGEST_DIRECTORY = 2 << 20;
/** FAT has neither modes nor owners: what Linux gives files of root, without its execute bits. */
const MODE = { file: 0o644, readOnly: 0o444, directory: 0o755 } as const;

/** A volume as a tree. */
export interface FatContents {
  /** "" where it has none. */
  readonly label: string;
  readonly tree: FileTree;
  readonly contents: ContentReader;
}

/**
 * Reads a volume of FAT12, FAT16 or FAT32, whoever made it. Nothing in it is believed: chains stay on
 * the volume and have no cluster twice, names are ones of files.
 *
 * @param name What the volume is called in the tree's contents.
 * @throws {TowerError} `malformed`, `limit`
 */
export function* readFat(source: ByteSource, name: Digest): Steps<FatContents> {
  const parts = readFatParts(source);
  return yield* new VolumeReader(source, parts, name).read();
}

interface Pending {
  readonly path: string;
  readonly pieces: readonly Piece[];
}

class VolumeReader {
  readonly #source: ByteSource;
  readonly #parts: FatParts;
  readonly #name: Digest;
  readonly #chains: ChainReader;
  readonly #contents: PlacedContents;
  readonly #tree: FileTree;
  readonly #pending: Pending[] = [];
  #label = "";

  constructor(source: ByteSource, parts: FatParts, name: Digest) {
    this.#source = source;
    this.#parts = parts;
    this.#name = name;
    this.#chains = new ChainReader(source, parts);
    this.#contents = new PlacedContents(source);
    this.#tree = new FileTree(this.#base("", MODE.directory, 0));
  }

  *read(): Steps<FatContents> {
    this.#pending.push({ path: "", pieces: yield* this.#root() });
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      for (const entry of readFatDirectory(this.#bytesOf(next.pieces))) {
        yield* this.#take(next.path, entry);
      }
      yield;
    }
    const contents = readerOf(this.#name, this.#contents);
    return { label: this.#label, tree: this.#tree, contents };
  }

  *#root(): Steps<readonly Piece[]> {
    const { root } = this.#parts;
    if (!("cluster" in root)) return [{ start: root.start, length: root.bytes }];
    return yield* this.#chains.pieces(root.cluster, this.#clustersFor(LARGEST_DIRECTORY));
  }

  *#take(directory: string, { kind, name, ...entry }: FatEntry): Steps<void> {
    if (kind === "label") {
      if (directory === "") this.#label ||= name;
      return;
    }
    const path = childOf(directory, name);
    if (name.includes("/") || !name.isWellFormed() || !isCanonical(path)) {
      throw malformed(`a name in "/${directory}" is not one of a file, or leads too deep`);
    }
    if (this.#tree.get(path)) throw malformed(`"/${path}" is there twice`);
    if (this.#tree.size >= MOST_ENTRIES) {
      const what = `it has more than ${MOST_ENTRIES} entries`;
      throw new TowerError("limit", `Cannot read the FAT file system: ${what}`);
    }
    if (kind === "directory") {
      this.#tree.put({ ...this.#base(path, MODE.directory, entry.mtime), type: "directory" });
      const most = this.#clustersFor(LARGEST_DIRECTORY);
      this.#pending.push({ path, pieces: yield* this.#chains.pieces(entry.cluster, most) });
      return;
    }
    const base = this.#base(path, entry.isReadOnly ? MODE.readOnly : MODE.file, entry.mtime);
    const pieces = entry.cluster === 0
      ? []
      : yield* this.#chains.pieces(entry.cluster, this.#parts.clusters);
    const offset = this.#contents.add(cut(pieces, entry.size, path));
    this.#tree.put({ ...base, type: "file", content: rangeOf(this.#name, offset, entry.size) });
  }

  #clustersFor(bytes: number): number {
    return Math.max(1, Math.ceil(bytes / this.#parts.clusterBytes));
  }

  #bytesOf(pieces: readonly Piece[]): Uint8Array {
    return concat(pieces.map(({ start, length }) => readExactly(this.#source, start!, length)));
  }

  #base(path: string, mode: number, mtime: number): EntryBase {
    return { path, mode, uid: 0, gid: 0, mtime, origin: "stage:fat" };
  }
}

/** The first bytes of pieces: a chain has whole clusters. */
function cut(pieces: readonly Piece[], size: number, path: string): Piece[] {
  const whole: Piece[] = [];
  let left = size;
  for (const { start, length } of pieces) {
    if (left > 0) whole.push({ start, length: Math.min(left, length) });
    left -= length;
  }
  if (left > 0) throw malformed(`"/${path}" has fewer clusters than its ${size} bytes take`);
  return whole;
}
