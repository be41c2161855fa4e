import type { Digest } from "../../brand.ts";
import type { Steps } from "../../breathe.ts";
import type { ByteSource } from "../../bytes/bytes.ts";
import type { Content, Entry, EntryBase } from "../../tree/entry.ts";
import { childOf, FileTree, isCanonical } from "../../tree/file_tree.ts";
import { type Attributes, attributesOf } from "./attributes.ts";
import { BoundedSource } from "./bounded_source.ts";
import { secondsOfShort } from "./date.ts";
import { type Extent, PARENT, SELF } from "./directory_record.ts";
import { malformed, unsupported } from "./iso_error.ts";
import { parseDirectory, type RawRecord } from "./raw_record.ts";
import { ISO_SECTOR, sectorsOf } from "./sector.ts";
import { suspEntries, suspSkip } from "./susp.ts";
import { readVolume } from "./volume.ts";

const ORIGIN = "stage:iso9660";
/** More entries than any medium of a system has; a tree of them takes about 500 MiB. */
const MOST_ENTRIES = 1_000_000;
/** Of a directory: 100,000 names of 255 bytes. */
const LARGEST_DIRECTORY = 64 << 20;
/** Modes of media without Rock Ridge. */
const PLAIN = { file: 0o444, directory: 0o555 } as const;

/** What a medium holds. */
export interface IsoContents {
  readonly label: string;
  readonly tree: FileTree;
}

/**
 * Reads a medium, ours or another writer's, as a tree: names, modes, owners, links and devices by
 * Rock Ridge where it is there, and else plain names. Joliet is not looked at.
 *
 * @param blob Name of the medium: files are ranges of it, unchecked.
 * @throws {TowerError} `malformed` for a medium that contradicts itself, directories in a circle
 * and names that are none; `unsupported` for interleaved and compressed files; `limit`.
 */
export function* readIso(source: ByteSource, blob: Digest): Steps<IsoContents> {
  const { label, root } = readVolume(source);
  const reader = new IsoReader(source, blob, root);
  return { label, tree: yield* reader.tree() };
}

interface Directory {
  readonly path: string;
  readonly extent: Extent;
}

class IsoReader {
  readonly #source: BoundedSource;
  readonly #blob: Digest;
  readonly #root: RawRecord;
  /** Sectors of directories that were met. */
  readonly #met = new Set<number>();
  /** The first name of each file, by what tells that others are names of it. */
  readonly #files = new Map<string, string>();
  #skip: number | undefined;

  constructor(source: ByteSource, blob: Digest, root: RawRecord) {
    this.#source = new BoundedSource(source);
    this.#blob = blob;
    this.#root = root;
  }

  *tree(): Steps<FileTree> {
    const records = this.#records(this.#root.extent);
    const self = records[0];
    this.#skip = self && suspSkip(self.systemUse);
    const attributes = self && this.#skip !== undefined
      ? attributesOf(suspEntries(self.systemUse, this.#source))
      : {};
    const tree = new FileTree(baseOf("", self ?? this.#root, attributes));
    const pending = this.#fill(tree, "", records);
    for (let next = pending.pop(); next; next = pending.pop()) {
      pending.push(...this.#fill(tree, next.path, this.#records(next.extent)));
      yield;
    }
    return tree;
  }

  /** Puts what a directory holds into the tree; returns the directories that are to be read. */
  #fill(tree: FileTree, parent: string, records: readonly RawRecord[]): Directory[] {
    const directories: Directory[] = [];
    for (let i = 0; i < records.length; i++) {
      const record = records[i]!;
      if (record.id === SELF || record.id === PARENT) continue;
      const attributes = this.#attributes(record);
      const extents = [record.extent];
      for (let last = record; last.goesOn; extents.push(last.extent)) {
        const next = records[++i];
        if (next?.id !== record.id) throw malformed("a file lacks its last extent");
        last = next;
      }
      if (attributes.isMoved) continue;
      const name = attributes.name ?? plainName(record.id);
      const path = childOf(parent, name);
      if (name.includes("/") || !isCanonical(path)) {
        throw malformed("a name is not one of a file, or leads too deep");
      }
      if (tree.get(path)) throw malformed("a directory has a name twice");
      if (tree.size >= MOST_ENTRIES) throw unsupported(`it has more than ${MOST_ENTRIES} entries`);
      const entry = this.#entry(path, record, extents, attributes);
      tree.put(entry);
      if (entry.type !== "directory") continue;
      const { movedTo } = attributes;
      const extent = movedTo === undefined ? record.extent : this.#extentAt(movedTo);
      directories.push({ path, extent });
    }
    return directories;
  }

  #attributes({ systemUse }: RawRecord): Attributes {
    if (this.#skip === undefined) return {};
    return attributesOf(suspEntries(systemUse.subarray(this.#skip), this.#source));
  }

  #entry(
    path: string,
    record: RawRecord,
    extents: readonly Extent[],
    attributes: Attributes,
  ): Entry {
    const { posix, target, device, movedTo } = attributes;
    const isDirectory = record.isDirectory || movedTo !== undefined;
    const base = { ...baseOf(path, record, attributes), path };
    const type = posix?.type ?? (isDirectory ? "directory" : "file");
    if ((type === "directory") !== isDirectory) throw malformed("a directory is a file");
    switch (type) {
      case "directory":
      case "fifo":
        return { ...base, type };
      case "symlink":
        if (!target) throw malformed("a link leads nowhere");
        return { ...base, type, target };
      case "char":
      case "block":
        if (!device) throw malformed("a device has no number");
        return { ...base, type, ...device };
      case "file": {
        const content = this.#content(extents);
        const known = posix && posix.links > 1 && posix.serial > 0
          ? this.#firstName(path, `${posix.serial} ${content.offset} ${content.size}`)
          : undefined;
        return known === undefined
          ? { ...base, type, content }
          : { ...base, type: "hardlink", target: known };
      }
    }
  }

  #firstName(path: string, file: string): string | undefined {
    const known = this.#files.get(file);
    if (known === undefined) this.#files.set(file, path);
    return known;
  }

  /** A file's bytes, whose extents must lie behind each other. */
  #content(extents: readonly Extent[]): Content & { readonly kind: "span" } {
    const sector = extents[0]!.sector;
    let size = 0;
    for (const extent of extents) {
      const isNext = size % ISO_SECTOR === 0 && extent.sector === sector + size / ISO_SECTOR;
      if (extent.size > 0 && !isNext && size > 0) throw unsupported("a file's extents lie apart");
      size += extent.size;
    }
    const offset = size === 0 ? 0 : sector * ISO_SECTOR;
    if (offset + size > this.#source.source.size) throw malformed("a file lies behind its end");
    return { kind: "span", blob: this.#blob, offset, size, sha256: undefined };
  }

  /** A directory that another one leads to: its own record says how large it is. */
  #extentAt(sector: number): Extent {
    const [self] = parseDirectory(this.#source.read({ sector, size: ISO_SECTOR }));
    if (self?.id !== SELF || self.extent.sector !== sector) {
      throw malformed("a directory was moved to where none is");
    }
    return self.extent;
  }

  #records(extent: Extent): RawRecord[] {
    if (this.#met.has(extent.sector)) throw malformed("its directories lead in a circle");
    this.#met.add(extent.sector);
    if (extent.size > LARGEST_DIRECTORY) {
      throw unsupported(`a directory has more than ${LARGEST_DIRECTORY} bytes`);
    }
    const whole = { ...extent, size: sectorsOf(extent.size) * ISO_SECTOR };
    return [...parseDirectory(this.#source.read(whole))];
  }
}

function baseOf(path: string, record: RawRecord, { posix, mtime }: Attributes): EntryBase {
  return {
    path,
    mode: posix?.mode ?? (record.isDirectory ? PLAIN.directory : PLAIN.file),
    uid: posix?.uid ?? 0,
    gid: posix?.gid ?? 0,
    mtime: mtime ?? secondsOfShort(record.date) ?? 0,
    origin: ORIGIN,
  };
}

/** An identifier without its version, and without the dot of a file that has no extension. */
function plainName(id: string): string {
  return id.replace(/;[0-9]*$/, "").replace(/\.$/, "");
}
