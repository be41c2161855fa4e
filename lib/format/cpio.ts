import { TowerError } from "../errors.ts";
import { piecesOf } from "../tree/content.ts";
import { type ContentReader, type Entry, sizeOf } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { concat } from "../bytes/bytes.ts";

const COPY = 256 << 10;
const ENCODER = new TextEncoder();
const MAX_FIELD = 2 ** 32 - 1;

const FORMATS = {
  fifo: 0o010000,
  char: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  hardlink: 0o100000,
  symlink: 0o120000,
} as const;

/** Names of one file: they share an inode number, and the last one carries the content. */
interface Inode {
  /** Undefined until the first of them is met. */
  number: number | undefined;
  links: number;
  last: string;
}

/**
 * A tree as a cpio archive of the "newc" kind, which Linux unpacks as initramfs
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Parents come before what they
 * hold, the root itself is left out, inode numbers count up in that order, and the archive ends
 * with its trailer. A piece is valid until the next one.
 *
 * @throws {TowerError} `unsupported` for what newc has no field for: xattrs, files of 4 GiB and
 * more, times before 1970 or after 2106.
 */
export function* cpioPieces(tree: FileTree, reader: ContentReader): Generator<Uint8Array> {
  const linked = linkedFiles(tree);
  const chunk = new Uint8Array(COPY);
  let last = 0;
  for (const entry of tree.walk()) {
    const { path } = entry;
    if (path === "") continue;
    const inode = linked.get(contentPath(entry)) ?? { number: undefined, links: 1, last: path };
    inode.number ??= ++last;
    yield* entryPieces(tree, entry, { ...inode, number: inode.number }, reader, chunk);
  }
  yield cpioHeader({ ...NOTHING, name: "TRAILER!!!", links: 1 });
}

/** Files of more than one name, by the path of their `file` entry. */
function linkedFiles(tree: FileTree): Map<string, Inode> {
  const inodes = new Map<string, Inode>();
  for (const entry of tree.walk()) {
    if (entry.type !== "hardlink" && !tree.hasLinks(entry.path)) continue;
    const key = contentPath(entry);
    const inode = inodes.get(key) ?? { number: undefined, links: 0, last: "" };
    inodes.set(key, { ...inode, links: inode.links + 1, last: entry.path });
  }
  return inodes;
}

function contentPath(entry: Entry): string {
  return entry.type === "hardlink" ? entry.target : entry.path;
}

function* entryPieces(
  tree: FileTree,
  named: Entry,
  inode: Inode & { readonly number: number },
  reader: ContentReader,
  chunk: Uint8Array,
): Generator<Uint8Array> {
  const entry = named.type === "hardlink" ? tree.get(named.target) : named;
  if (!entry || (entry !== named && entry.type !== "file")) {
    throw new TowerError("malformed", `Cannot write hard link "/${named.path}": no file is there`);
  }
  if (entry.xattrs && entry.xattrs.size > 0) throw unsupported(named, "it has no xattrs");
  const content = entry.type === "file" && inode.last === named.path ? entry.content : undefined;
  const target = entry.type === "symlink" ? ENCODER.encode(entry.target) : undefined;
  const size = target?.length ?? (content ? sizeOf(content) : 0);
  const fields = {
    name: named.path,
    inode: inode.number,
    mode: FORMATS[entry.type] | entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    links: entry.type === "directory" ? 2 : inode.links,
    mtime: Math.floor(entry.mtime),
    size,
    major: "major" in entry ? entry.major : 0,
    minor: "minor" in entry ? entry.minor : 0,
  };
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value !== "number" || (value >= 0 && value <= MAX_FIELD)) continue;
    throw unsupported(named, `its field for ${field} cannot hold ${value}`);
  }
  yield cpioHeader(fields);
  if (target) yield target;
  else if (content) yield* piecesOf(reader, content, chunk);
  const rest = size % 4;
  if (rest > 0) yield new Uint8Array(4 - rest);
}

interface CpioFields {
  readonly name: string;
  readonly inode: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly mtime: number;
  readonly size: number;
  readonly major: number;
  readonly minor: number;
}

const NOTHING: Omit<CpioFields, "name"> = {
  inode: 0,
  mode: 0,
  uid: 0,
  gid: 0,
  links: 0,
  mtime: 0,
  size: 0,
  major: 0,
  minor: 0,
};

/** Header, name with its NUL, and zeros up to a multiple of four. */
function cpioHeader(fields: CpioFields): Uint8Array<ArrayBuffer> {
  const name = ENCODER.encode(`${fields.name}\0`);
  const numbers = [
    fields.inode,
    fields.mode,
    fields.uid,
    fields.gid,
    fields.links,
    fields.mtime,
    fields.size,
    0, // device that holds the file, major and minor
    0,
    fields.major,
    fields.minor,
    name.length,
    0, // checksum: only the "crc" kind has one
  ];
  const text = "070701" + numbers.map((n) => n.toString(16).padStart(8, "0")).join("");
  const length = text.length + name.length;
  return concat([ENCODER.encode(text), name, new Uint8Array((4 - length % 4) % 4)]);
}

function unsupported(entry: Entry, cause: string): TowerError {
  return new TowerError("unsupported", `Cannot write "/${entry.path}" to cpio: ${cause}`);
}
