import { TowerError } from "../errors.ts";
import { piecesOf } from "../tree/content.ts";
import type { Content, ContentReader, Entry, FileEntry } from "../tree/entry.ts";
import { sizeOf } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { concat } from "../bytes/bytes.ts";
import { formatPax } from "./pax.ts";
import { BLOCK, formatBlock } from "./tar_block.ts";

const COPY = 256 << 10;
const ENCODER = new TextEncoder();

const FLAGS = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  char: "3",
  block: "4",
  directory: "5",
  fifo: "6",
} as const;

/** More PAX records for an entry, such as a checksum. */
export type PaxRecords = ReadonlyMap<string, Uint8Array>;

/**
 * Headers of an entry: ustar, with a PAX header before it where ustar cannot say it (POSIX pax).
 * The same entry gives the same bytes.
 *
 * @throws {TowerError} `unsupported` for a negative time.
 */
export function tarHeader(entry: Entry, records: PaxRecords = new Map()): Uint8Array<ArrayBuffer> {
  const size = entry.type === "file" ? sizeOf(entry.content) : 0;
  const path = entry.type === "directory" ? `${entry.path}/` : entry.path;
  const target = "target" in entry ? entry.target : "";
  if (entry.mtime < 0) {
    throw new TowerError("unsupported", `Cannot write "/${entry.path}" to tar: its time is < 1970`);
  }
  const pax = new Map(records);
  const fit = (key: string, value: number, digits: number) => {
    if (value < 8 ** digits) return value;
    pax.set(key, ENCODER.encode(String(value)));
    return 0;
  };
  const names = splitName(path);
  if (!names) pax.set("path", ENCODER.encode(path));
  const targetBytes = ENCODER.encode(target);
  if (targetBytes.length > 100) pax.set("linkpath", targetBytes);
  for (const [name, value] of entry.xattrs ?? []) pax.set(`SCHILY.xattr.${name}`, value);
  const device = entry.type === "char" || entry.type === "block";
  const main = formatBlock({
    ...names ?? { name: ENCODER.encode(path).subarray(0, 100), prefix: new Uint8Array() },
    flag: FLAGS[entry.type],
    mode: entry.mode,
    uid: fit("uid", entry.uid, 7),
    gid: fit("gid", entry.gid, 7),
    size: fit("size", size, 11),
    mtime: fit("mtime", Math.floor(entry.mtime), 11),
    target: targetBytes.subarray(0, 100),
    major: device ? entry.major : 0,
    minor: device ? entry.minor : 0,
  });
  if (pax.size === 0) return main;
  const body = formatPax(pax);
  const head = formatBlock({
    name: ENCODER.encode(`PaxHeaders/${entry.path}`).subarray(0, 100),
    prefix: new Uint8Array(),
    flag: "x",
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: body.length,
    mtime: 0,
    target: new Uint8Array(),
    major: 0,
    minor: 0,
  });
  return concat([head, body, padding(body.length), main]);
}

/** The zeros that fill the last block of `size` bytes. */
export function padding(size: number): Uint8Array {
  return new Uint8Array((BLOCK - size % BLOCK) % BLOCK);
}

/** The two blocks that end an archive. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * BLOCK);
}

/**
 * All entries of a tree but its root, parents first, and the end blocks. Names of one file
 * come as POSIX wants them: the first that is met has the content, the rest are links to it.
 * A piece is valid until the next one.
 *
 * `recordsOf` may add PAX records to an entry.
 */
export function* tarPieces(
  tree: FileTree,
  reader: ContentReader,
  recordsOf?: (entry: Entry) => PaxRecords,
): Generator<Uint8Array> {
  const chunk = new Uint8Array(COPY);
  for (const part of tarParts(tree, recordsOf)) {
    if (part instanceof Uint8Array) yield part;
    else yield* piecesOf(reader, part, chunk);
  }
}

/** The same with contents that nobody has read. */
export function* tarParts(
  tree: FileTree,
  recordsOf: (entry: Entry) => PaxRecords = () => new Map(),
): Generator<Uint8Array | Content> {
  /** Where the content of a file with hard links stands, by the path of its `file` entry. */
  const written = new Map<string, string>();
  for (const walked of tree.walk()) {
    if (walked.path === "") continue;
    const entry = firstName(tree, walked, written);
    yield tarHeader(entry, recordsOf(entry));
    if (entry.type !== "file") continue;
    yield entry.content;
    yield padding(sizeOf(entry.content));
  }
  yield tarEnd();
}

/** The entry as it has to stand in an archive whose links must follow what they name. */
function firstName(tree: FileTree, entry: Entry, written: Map<string, string>): Entry {
  if (entry.type !== "file" && entry.type !== "hardlink") return entry;
  if (entry.type === "file" && !tree.hasLinks(entry.path)) return entry;
  const file = entry.type === "file" ? entry : linkedFile(tree, entry.target);
  const first = written.get(file.path);
  if (first === undefined) {
    written.set(file.path, entry.path);
    return { ...file, path: entry.path };
  }
  const { content: _, ...base } = file;
  return { ...base, type: "hardlink", path: entry.path, target: first };
}

function linkedFile(tree: FileTree, target: string): FileEntry {
  const file = tree.get(target);
  if (file?.type !== "file") {
    throw new TowerError("malformed", `Cannot write a hard link to "/${target}": it is no file`);
  }
  return file;
}

/** A path in ustar's two fields, or undefined when it does not fit. */
function splitName(path: string): { name: Uint8Array; prefix: Uint8Array } | undefined {
  const bytes = ENCODER.encode(path);
  if (bytes.length <= 100) return { name: bytes, prefix: new Uint8Array() };
  // The slash of a directory stays with its name.
  const slash = bytes.indexOf(0x2f, bytes.length - 101);
  if (slash <= 0 || slash > 155 || slash >= bytes.length - 1) return undefined;
  return { name: bytes.subarray(slash + 1), prefix: bytes.subarray(0, slash) };
}
