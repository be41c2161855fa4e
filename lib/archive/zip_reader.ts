import { crc32 } from "node:zlib";
import { type ByteSource, readExactly } from "../bytes/bytes.ts";
import type { Breathe } from "../breathe.ts";
import { TowerError } from "../errors.ts";
import { Inflater } from "../format/inflater.ts";
import type { EntryHandler, RawEntry } from "./entry.ts";
import { readZipDirectory, type ZipMember } from "./zip_directory.ts";
import { shownName } from "./shown_name.ts";

const PIECE = 256 << 10;
const LINK = 0o120000, DIRECTORY = 0o040000, FILE = 0o100000, TYPE = 0o170000;
/** Longest target of a symbolic link. */
const MAX_TARGET = 4095;

/** Most of what a ZIP archive may hold. */
export interface ZipLimits {
  readonly entries: number;
  /** Bytes of all contents together. */
  readonly content: number;
}

/**
 * Reads a ZIP archive (APPNOTE.TXT 6.3.10): what its directory lists, in that order. Sizes are
 * bounded before anything is inflated; CRC-32 and size of each must be what the directory says.
 *
 * @param handler gets the contents; their offsets count from 0, one behind the other
 * @throws {TowerError} as {@linkcode readZipDirectory}
 */
export async function readZip(
  source: ByteSource,
  handler: EntryHandler,
  limits: ZipLimits,
  breathe: Breathe,
): Promise<void> {
  const members = await readZipDirectory(source, limits, breathe);
  const total = members.reduce((sum, { size }) => sum + size, 0);
  if (total > limits.content) {
    throw new TowerError(
      "limit",
      `Cannot read zip archive: its contents have ${total} bytes, more than ${limits.content}`,
    );
  }
  let offset = 0;
  for (const member of members) {
    const entry = entryOf(member, offset);
    if (entry.type === "symlink") {
      const target = await targetOf(member, source, breathe);
      handler.entry({ ...entry, target });
    } else {
      handler.entry(entry);
      await contentOf(member, source, (bytes) => handler.content(bytes), breathe);
      offset += member.size;
    }
    handler.end();
  }
}

function entryOf(member: ZipMember, offset: number): RawEntry {
  const { name, size, unixMode } = member;
  const isFolder = name.endsWith("/");
  const type = typeOf(member);
  if (type === "directory" && size !== 0) {
    throw malformed(`"${shownName(name)}" is a folder with content`);
  }
  // Other systems than Unix tell no permissions.
  const mode = (unixMode ?? 0) & 0o7777 || (isFolder ? 0o755 : 0o644);
  return {
    // Times of zip are of a zone that it does not tell.
    ...{ type, path: name, mode, uid: 0, gid: 0, mtime: 0, target: "", major: 0, minor: 0 },
    size: type === "file" ? size : 0,
    offset: type === "file" ? offset : 0,
    xattrs: new Map(),
  };
}

function typeOf({ name, unixMode }: ZipMember): "file" | "directory" | "symlink" {
  const isFolder = name.endsWith("/");
  const type = (unixMode ?? 0) & TYPE;
  if (type === LINK && !isFolder) return "symlink";
  if (type === 0 || type === (isFolder ? DIRECTORY : FILE)) return isFolder ? "directory" : "file";
  throw malformed(
    `"${shownName(name)}" has the mode ${unixMode!.toString(8)}, which does not fit its name`,
  );
}

async function targetOf(
  member: ZipMember,
  source: ByteSource,
  breathe: Breathe,
): Promise<string> {
  if (member.size > MAX_TARGET) {
    throw malformed(`link "${shownName(member.name)}" has a long target`);
  }
  const target = new Uint8Array(member.size);
  let filled = 0;
  await contentOf(member, source, (bytes) => {
    target.set(bytes, filled);
    filled += bytes.length;
  }, breathe);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(target);
  } catch {
    throw malformed(`the target of link "${shownName(member.name)}" is no UTF-8`);
  }
}

/** Hands on the content of a member, checked. */
async function contentOf(
  { name, method, packed, size, crc, offset }: ZipMember,
  source: ByteSource,
  push: (bytes: Uint8Array) => void,
  breathe: Breathe,
): Promise<void> {
  const told = { size: 0, crc: 0 };
  const take = (bytes: Uint8Array) => {
    told.size += bytes.length;
    if (told.size > size) {
      throw malformed(`"${shownName(name)}" has more bytes than its directory says`);
    }
    told.crc = crc32(bytes, told.crc);
    push(bytes);
  };
  if (method === "stored") {
    for (const piece of piecesOf(source, offset, packed)) {
      take(piece);
      await breathe();
    }
  } else await inflate(name, piecesOf(source, offset, packed), take, breathe);
  if (told.size !== size) {
    throw malformed(`"${shownName(name)}" has less bytes than its directory says`);
  }
  if (told.crc >>> 0 !== crc) throw malformed(`"${shownName(name)}" has another CRC-32`);
}

async function inflate(
  name: string,
  pieces: Iterable<Uint8Array>,
  take: (bytes: Uint8Array) => void,
  breathe: Breathe,
): Promise<void> {
  const inflater = new Inflater(
    take,
    (cause) => malformed(`"${shownName(name)}" cannot be inflated: ${cause}`),
  );
  try {
    for (const piece of pieces) {
      const used = inflater.ended ? 0 : await inflater.feed(piece);
      if (used < piece.length) throw malformed(`"${shownName(name)}" has bytes behind its end`);
      await breathe();
    }
    await inflater.finish();
  } finally {
    inflater.close();
  }
}

function* piecesOf(source: ByteSource, offset: number, length: number): Generator<Uint8Array> {
  for (let done = 0; done < length; done += PIECE) {
    yield readExactly(source, offset + done, Math.min(PIECE, length - done));
  }
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read zip archive: ${cause}`);
}
