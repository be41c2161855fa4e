import { TowerError } from "../errors.ts";
import type { ArchiveEntryType, EntryHandler, RawEntry } from "./entry.ts";
import { shownName } from "./shown_name.ts";

/** The fixed part: a magic of six characters and 13 numbers of eight hexadecimal digits. */
const HEADER = 110;
/** PATH_MAX of Linux, with the NUL. */
const MAX_NAME = 4096;
/** Most characters of names that wait for their content at once. */
const MOST_WAITING = 16 << 20;
/** Of the file's type in the mode (inode(7)). */
const TYPES: Readonly<Record<number, ArchiveEntryType>> = {
  0o010000: "fifo",
  0o020000: "char",
  0o040000: "directory",
  0o060000: "block",
  0o100000: "file",
  0o120000: "symlink",
};
const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

/** What a header says. */
interface Header {
  readonly inode: string;
  readonly type: ArchiveEntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly links: number;
  readonly size: number;
  readonly major: number;
  readonly minor: number;
  readonly nameSize: number;
  readonly checksum: number | undefined;
}

/**
 * Reads a cpio archive of the "newc" or "crc" kind that is pushed in pieces
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Of the names of one file the last
 * carries its content: the others are told as hard links to it, once it was read.
 */
export class CpioReader {
  readonly #handler: EntryHandler;
  readonly #mostEntries: number;
  /** What is collected: a header, a name or a link's target. */
  #part = new Uint8Array(HEADER);
  #filled = 0;
  #state: "header" | "name" | "target" | "content" | "ended" = "header";
  #header: Header | undefined;
  #raw: RawEntry | undefined;
  #position = 0;
  #content = 0;
  #padding = 0;
  #sum = 0;
  #entries = 0;
  /** Names that wait for their content, by inode. */
  readonly #waiting = new Map<string, RawEntry[]>();
  #waitingText = 0;

  constructor(handler: EntryHandler, { entries }: { readonly entries: number }) {
    this.#handler = handler;
    this.#mostEntries = entries;
  }

  /** @throws {TowerError} `malformed` or `limit`. */
  push(bytes: Uint8Array): void {
    // The kernel takes several archives behind one another; an archive that is a source is one.
    const rest = bytes.subarray(this.take(bytes));
    if (rest.some((byte) => byte !== 0)) throw malformed("bytes follow its end");
  }

  /** Whether the trailer was seen. */
  get ended(): boolean {
    return this.#state === "ended";
  }

  /** Takes bytes up to the trailer; returns how many. @throws {TowerError} `malformed` or `limit`. */
  take(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length && (!this.ended || this.#padding > 0)) {
      const have = bytes.length - at;
      let used: number;
      if (this.#padding > 0) {
        used = Math.min(have, this.#padding);
        this.#padding -= used;
      } else if (this.#state === "content") {
        used = Math.min(have, this.#content);
        this.#take(bytes.subarray(at, at + used));
      } else {
        used = Math.min(have, this.#part.length - this.#filled);
        this.#part.set(bytes.subarray(at, at + used), this.#filled);
        this.#filled += used;
      }
      at += used;
      this.#position += used;
      if (this.#state !== "content" && this.#state !== "ended") this.#collected();
    }
    return at;
  }

  /** Says that no more bytes come. @throws {TowerError} `malformed` before the trailer. */
  finish(): void {
    if (!this.ended) throw malformed("it ends before its trailer");
  }

  #collected(): void {
    if (this.#filled < this.#part.length) return;
    const part = this.#part;
    this.#filled = 0;
    if (this.#state === "header") {
      this.#header = headerOf(part);
      this.#state = "name";
      this.#part = new Uint8Array(this.#header.nameSize);
    } else if (this.#state === "name") {
      this.#padding = (4 - (HEADER + part.length) % 4) % 4;
      this.#named(nameOf(part));
    } else {
      this.#padding = (4 - part.length % 4) % 4;
      this.#tell({ ...this.#raw!, target: textOf(part), size: 0 });
      this.#next();
    }
  }

  #named(path: string): void {
    const { type, mode, uid, gid, mtime, size, links, major, minor, inode } = this.#header!;
    if (path === "TRAILER!!!") return this.#trailer(size);
    if (++this.#entries > this.#mostEntries) {
      const what = `it has more than ${this.#mostEntries} entries`;
      throw new TowerError("limit", `Cannot read cpio archive: ${what}`);
    }
    const offset = this.#position + this.#padding;
    const raw = {
      ...{ type, path, mode, uid, gid, mtime, size, offset, target: "", major, minor },
      xattrs: NO_XATTRS,
    };
    this.#raw = raw;
    if (type === "symlink") {
      if (size === 0 || size >= MAX_NAME) {
        throw malformed(`link "${shownName(path)}" has no target`);
      }
      this.#state = "target";
      this.#part = new Uint8Array(size);
      return;
    }
    if (type !== "file" && size !== 0) throw malformed(`entry "${shownName(path)}" has content`);
    if (type === "file" && links > 1 && size === 0) {
      this.#wait(inode, raw);
      return this.#next();
    }
    this.#handler.entry(raw);
    this.#content = size;
    this.#sum = 0;
    if (size === 0) this.#whole();
    else this.#state = "content";
  }

  #wait(inode: string, name: RawEntry): void {
    this.#waitingText += name.path.length;
    if (this.#waitingText > MOST_WAITING) {
      const what = `names that wait for their content have more than ${MOST_WAITING} characters`;
      throw new TowerError("limit", `Cannot read cpio archive: ${what}`);
    }
    const names = this.#waiting.get(inode);
    if (names) names.push(name);
    else this.#waiting.set(inode, [name]);
  }

  #take(bytes: Uint8Array): void {
    this.#handler.content(bytes);
    if (this.#header!.checksum !== undefined) {
      for (const byte of bytes) this.#sum = (this.#sum + byte) >>> 0;
    }
    this.#content -= bytes.length;
    if (this.#content > 0) return;
    this.#padding = (4 - this.#header!.size % 4) % 4;
    this.#whole();
  }

  #whole(): void {
    const { checksum, inode } = this.#header!;
    if (checksum !== undefined && checksum !== this.#sum) {
      throw malformed(`entry "${shownName(this.#raw!.path)}" has another checksum`);
    }
    this.#handler.end();
    const names = this.#waiting.get(inode) ?? [];
    for (const { path } of names) this.#waitingText -= path.length;
    this.#waiting.delete(inode);
    this.#linkTo(this.#raw!.path, names);
    this.#next();
  }

  #linkTo(target: string, names: readonly RawEntry[]): void {
    for (const name of names) this.#tell({ ...name, type: "hardlink", target });
  }

  #tell(raw: RawEntry): void {
    this.#handler.entry(raw);
    this.#handler.end();
  }

  #next(): void {
    this.#state = "header";
    this.#part = new Uint8Array(HEADER);
  }

  /** A file of several names that has no content is an empty one. */
  #trailer(size: number): void {
    if (size !== 0) throw malformed("its trailer has content");
    for (const [first, ...others] of this.#waiting.values()) {
      this.#tell(first!);
      this.#linkTo(first!.path, others);
    }
    this.#padding = 0;
    this.#state = "ended";
  }
}

function headerOf(bytes: Uint8Array): Header {
  const text = String.fromCharCode(...bytes);
  const magic = text.slice(0, 6);
  if (magic !== "070701" && magic !== "070702") {
    throw malformed("a header has not the magic of newc or crc");
  }
  if (!/^[0-9A-Fa-f]{104}$/.test(text.slice(6))) throw malformed("a header has a bad number");
  const field = (index: number) => parseInt(text.slice(6 + index * 8, 14 + index * 8), 16);
  const [mode, nameSize] = [field(1), field(11)];
  const type = TYPES[mode & 0o170000];
  if (nameSize < 2 || nameSize > MAX_NAME) throw malformed("a name has a bad length");
  // The trailer has no mode.
  if (!type && mode !== 0) throw malformed(`an entry has the unknown mode ${mode.toString(8)}`);
  return {
    inode: text.slice(6, 14) + text.slice(62, 78),
    type: type ?? "file",
    mode: mode & 0o7777,
    uid: field(2),
    gid: field(3),
    links: field(4),
    mtime: field(5),
    size: field(6),
    major: field(9),
    minor: field(10),
    nameSize,
    checksum: magic === "070702" ? field(12) : undefined,
  };
}

function nameOf(bytes: Uint8Array): string {
  if (bytes.indexOf(0) !== bytes.length - 1) throw malformed("a name does not end where it should");
  return textOf(bytes.subarray(0, -1));
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("a name or a target is no UTF-8");
  }
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read cpio archive: ${cause}`);
}
