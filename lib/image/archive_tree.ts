import type { Breathe } from "../breathe.ts";
import type { Digest } from "../brand.ts";
import { type ByteSource, readExactly, sourceAt } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { CpioReader } from "../archive/cpio_reader.ts";
import type { EntryHandler, RawEntry } from "../archive/entry.ts";
import { type Compression, compressionIn } from "../archive/unpack_archive.ts";
import { rangeOf } from "../format/placed_contents.ts";
import { TarReader } from "../format/tar_reader.ts";
import type { ContentReader, Entry } from "../tree/entry.ts";
import { FileTree, isCanonical, parentOf } from "../tree/file_tree.ts";

const CHUNK = 1 << 20;
const MOST_ENTRIES = 2_000_000;
/** Bytes of all paths, targets of links and attributes together. */
const MOST_BYTES = 512 << 20;
/** Bytes of one extended header of tar. */
const MOST_HEADER = 1 << 20;
/** Archives of one initramfs: firmware, microcode and the system, in most three. */
const MOST_SEGMENTS = 64;

/** Decompresses a source to one that can be read anywhere. */
export type Unpack = (source: ByteSource, compression: Compression) => Promise<ByteSource>;

/** An archive as a tree. */
export interface ArchiveTree {
  readonly tree: FileTree;
  readonly contents: ContentReader;
}

/**
 * Reads a tar archive as a tree: later entries take the place of earlier ones.
 * @throws {TowerError} `malformed`, also for what lies below a link; `limit`
 */
export async function readTarTree(
  source: ByteSource,
  name: Digest,
  breathe: Breathe,
): Promise<ArchiveTree> {
  const segments = new Segments(name);
  const builder = new TreeBuilder(segments.add(source));
  const reader = new TarReader(builder, { entries: MOST_ENTRIES, header: MOST_HEADER });
  for (let at = 0; at < source.size; at += CHUNK) {
    reader.push(readExactly(source, at, Math.min(CHUNK, source.size - at)));
    await breathe();
  }
  reader.finish();
  return { tree: builder.tree, contents: segments };
}

/**
 * Reads an initramfs as the kernel does: archives of cpio behind one another, with zeros between them,
 * the last of which may be compressed (Documentation/driver-api/early-userspace/buffer-format.rst).
 *
 * @throws {TowerError} `malformed`, also for what lies below a link; `limit`
 */
export async function readCpioTree(
  source: ByteSource,
  name: Digest,
  unpack: Unpack,
  breathe: Breathe,
): Promise<ArchiveTree> {
  const segments = new Segments(name);
  const builder = new TreeBuilder(segments.add(source));
  let [rest, at] = [source, 0];
  for (let count = 0; (at = await afterZeros(rest, at, breathe)) < rest.size; count++) {
    if (count >= MOST_SEGMENTS) throw limit(`more than ${MOST_SEGMENTS} archives`);
    const part = sourceAt(rest, at, rest.size - at);
    const compression = compressionIn(part);
    if (compression !== undefined) {
      [rest, at] = [await unpack(part, compression), 0];
      builder.begin(segments.add(rest), 0);
      continue;
    }
    builder.begin(segments.last, at);
    at += await readCpio(part, builder, breathe);
  }
  return { tree: builder.tree, contents: segments };
}

/** Reads one archive; returns where it ends. */
async function readCpio(
  source: ByteSource,
  builder: TreeBuilder,
  breathe: Breathe,
): Promise<number> {
  const reader = new CpioReader(builder, { entries: MOST_ENTRIES });
  let at = 0;
  while (at < source.size && !reader.ended) {
    at += reader.take(readExactly(source, at, Math.min(CHUNK, source.size - at)));
    await breathe();
  }
  reader.finish();
  return at;
}

async function afterZeros(source: ByteSource, from: number, breathe: Breathe): Promise<number> {
  for (let at = from; at < source.size; at += CHUNK) {
    const bytes = readExactly(source, at, Math.min(CHUNK, source.size - at));
    const found = bytes.findIndex((byte) => byte !== 0);
    if (found >= 0) return at + found;
    await breathe();
  }
  return source.size;
}

/** The sources that contents are ranges of: the file, and what was compressed in it. */
class Segments implements ContentReader {
  readonly #sources = new Map<Digest, ByteSource>();

  constructor(readonly name: Digest) {}

  get last(): Digest {
    return [...this.#sources.keys()].at(-1)!;
  }

  add(source: ByteSource): Digest {
    const name = `${this.name}-${this.#sources.size}` as Digest;
    this.#sources.set(name, source);
    return name;
  }

  open(blob: Digest): ByteSource {
    const source = this.#sources.get(blob);
    if (source !== undefined) return source;
    throw new TowerError("not-found", `Cannot read "${blob}": it is not the archive's`);
  }
}

/** Makes a tree of what readers of archives tell. */
class TreeBuilder implements EntryHandler {
  readonly tree = new FileTree({ mode: 0o755, uid: 0, gid: 0, mtime: 0, origin: "stage:archive" });
  #blob: Digest;
  #base = 0;
  #bytes = 0;

  constructor(blob: Digest) {
    this.#blob = blob;
  }

  /** Says where the entries that follow have their contents. */
  begin(blob: Digest, base: number): void {
    this.#blob = blob;
    this.#base = base;
  }

  entry(raw: RawEntry): void {
    const path = plain(raw.path);
    const isRoot = path === "" || path === ".";
    if (isRoot ? raw.type !== "directory" : !isCanonical(path)) {
      throw refused(raw.path, "its path is not plain, or leaves the archive");
    }
    this.#bytes += path.length + raw.target.length;
    for (const value of raw.xattrs.values()) this.#bytes += value.length;
    if (this.#bytes > MOST_BYTES) {
      throw limit(`names and attributes of more than ${MOST_BYTES} bytes`);
    }
    const entry = this.#entryOf(raw, isRoot ? "" : path);
    if (!isRoot) this.#makeWay(entry);
    this.tree.put(entry);
  }

  content(): void {}
  end(): void {}

  #entryOf(raw: RawEntry, path: string): Entry {
    const { type, mode, uid, gid, mtime, xattrs, target, major, minor } = raw;
    const base = {
      ...{ path, mode, uid, gid, mtime, origin: "stage:archive" } as const,
      ...(xattrs.size === 0 ? {} : { xattrs }),
    };
    switch (type) {
      case "file":
        return { ...base, type, content: rangeOf(this.#blob, this.#base + raw.offset, raw.size) };
      case "symlink":
        if (target === "" || target.includes("\0")) throw refused(path, "the link leads nowhere");
        return { ...base, type, target };
      case "hardlink": {
        const named = this.tree.get(plain(target));
        const file = named?.type === "hardlink" ? this.tree.get(named.target) : named;
        if (file?.type !== "file" || file.path === path) {
          throw refused(path, `it is a hard link to "${target}", no file before it`);
        }
        // Mode and owner are the file's, whatever stands here.
        const { content: _, ...rest } = file;
        return { ...rest, path, type, target: file.path };
      }
      case "char":
      case "block":
        return { ...base, type, major, minor };
      default:
        return { ...base, type };
    }
  }

  /** Makes the directories that an entry lies in, and removes what had its path. */
  #makeWay({ path, type, mtime }: Entry): void {
    for (let parent = parentOf(path); parent !== ""; parent = parentOf(parent)) {
      const above = this.tree.get(parent);
      if (above === undefined) continue;
      if (above.type === "directory") break;
      throw refused(path, `"${parent}" is a ${above.type} of the archive`);
    }
    this.tree.putParents(path, "stage:archive", mtime);
    const before = this.tree.get(path);
    // Its other names would have to be made names of one of them, and all of them again the next time.
    if (this.tree.hasLinks(path)) throw refused(path, "it comes again behind hard links to it");
    if (before !== undefined && (before.type !== "directory" || type !== "directory")) {
      this.tree.remove(path);
    }
  }
}

/** Without what stands for the archive's own folder, and the slashes of folders. */
function plain(path: string): string {
  return path.replace(/^(?:\.?\/+)+/, "").replace(/\/+$/, "");
}

function refused(path: string, cause: string): TowerError {
  return new TowerError("malformed", `Cannot take "${path}" of the archive: ${cause}`);
}

function limit(what: string): TowerError {
  return new TowerError("limit", `Cannot read the archive: it has ${what}`);
}
