import { printable, TowerError } from "../errors.ts";
import { decodeUtf8, parsePax } from "./pax.ts";
import {
  BLOCK,
  blockName,
  blockNumber,
  blockText,
  checkBlock,
  isOctal,
  isZero,
} from "./tar_block.ts";
import { paxNumber, paxText, refuseSparse, xattrsOf } from "./tar_records.ts";

/** PATH_MAX of Linux. */
const MAX_NAME = 4096;
/** Most records of all global headers, which go with each entry: git writes one, GNU tar what it is told. */
const MAX_GLOBALS = 64;

export type TarEntryType =
  | "file"
  | "directory"
  | "symlink"
  | "hardlink"
  | "char"
  | "block"
  | "fifo";

/** An entry as the archive has it: the path is neither checked nor made canonical. */
export interface TarEntry {
  readonly type: TarEntryType;
  readonly path: string;
  /** 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Owner by name, "" where the archive has none. */
  readonly user: string;
  readonly group: string;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Bytes of content that follow; 0 for all but files. */
  readonly size: number;
  /** Where the content starts, counted from the start of the archive. */
  readonly offset: number;
  /** Target of a symbolic or hard link, "" for the rest. */
  readonly target: string;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** All PAX records that apply to the entry. */
  readonly pax: ReadonlyMap<string, Uint8Array>;
}

/** Who is told what an archive holds, in its order. Pieces are valid during the call only. */
export interface TarHandler {
  entry(entry: TarEntry): void;
  /** A piece of the last entry's content. */
  content(bytes: Uint8Array): void;
  /** The last entry is whole. */
  end(): void;
}

export interface TarLimits {
  /** Most entries. */
  readonly entries: number;
  /** Most bytes of one extended header, and of all global ones. */
  readonly header: number;
  /**
   * `apk` reads as apk-tools 2.14 does (src/io_archive.c), which knows few extensions: of extended
   * headers only names, attributes and checksums, of numbers only octal ones. What it would read
   * past, so that it sees another entry than others do, is an error.
   */
  readonly dialect?: "apk";
}

/** Records that apk-tools 2.14 reads; the size is none of them and must be the header's. */
const APK_RECORD = /^(?:path|linkpath|size|SCHILY\.xattr\..*|APK-TOOLS\.checksum\..*)$/s;

const TYPES: Readonly<Record<string, TarEntryType>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "char",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};
const NO_RECORDS: ReadonlyMap<string, Uint8Array> = new Map();

/**
 * Reads a tar archive that is pushed in pieces: ustar, PAX (`x`, `g`) and GNU long names (POSIX
 * pax; GNU tar manual, "Standard Format"). Strict where readers disagree: header checksums,
 * numbers, magic and padding blocks must be right, unknown entry types are errors.
 */
export class TarReader {
  readonly #handler: TarHandler;
  readonly #limits: TarLimits;
  readonly #block = new Uint8Array(BLOCK);
  #filled = 0;
  #position = 0;
  /** Bytes of content still to come, of an entry or an extension, and of its padding. */
  #content = 0;
  #padding = 0;
  #entries = 0;
  #globalBytes = 0;
  #ended = false;
  #inEntry = false;
  #extension: { type: string; parts: Uint8Array; filled: number } | undefined;
  #global: ReadonlyMap<string, Uint8Array> = NO_RECORDS;
  #local: ReadonlyMap<string, Uint8Array> | undefined;
  #longName: string | undefined;
  #longTarget: string | undefined;

  constructor(handler: TarHandler, limits: TarLimits) {
    this.#handler = handler;
    this.#limits = limits;
  }

  /** Whether the end-of-archive blocks were seen. An .apk's first members have none. */
  get ended(): boolean {
    return this.#ended;
  }

  /** @throws {TowerError} `malformed` or `limit`. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const have = bytes.length - at;
      let used: number;
      if (this.#content > 0) {
        used = Math.min(have, this.#content);
        this.#take(bytes.subarray(at, at + used));
      } else if (this.#padding > 0) {
        used = Math.min(have, this.#padding);
        this.#padding -= used;
      } else {
        used = Math.min(have, BLOCK - this.#filled);
        this.#block.set(bytes.subarray(at, at + used), this.#filled);
        this.#filled += used;
      }
      at += used;
      this.#position += used;
      if (this.#filled === BLOCK) {
        this.#filled = 0;
        this.#header(this.#block);
      }
    }
  }

  /** Says that no more bytes come. @throws {TowerError} `malformed` inside an entry. */
  finish(): void {
    const pending = this.#local ?? this.#longName ?? this.#longTarget ?? this.#extension;
    if (this.#content + this.#padding + this.#filled > 0 || pending !== undefined) {
      throw malformed("it ends inside an entry");
    }
  }

  #take(bytes: Uint8Array): void {
    const { length } = bytes;
    if (this.#extension) {
      this.#extension.parts.set(bytes, this.#extension.filled);
      this.#extension.filled += length;
    } else this.#handler.content(bytes);
    this.#content -= length;
    if (this.#content === 0) this.#whole();
  }

  /** The content of an entry or an extension is complete. */
  #whole(): void {
    const extension = this.#extension;
    this.#extension = undefined;
    if (!extension) {
      if (this.#inEntry) this.#handler.end();
      this.#inEntry = false;
      return;
    }
    const { type, parts } = extension;
    if (type === "L" || type === "K") {
      const zero = parts.indexOf(0);
      const text = decodeUtf8(zero < 0 ? parts : parts.subarray(0, zero));
      if (type === "L") this.#longName = text;
      else this.#longTarget = text;
    } else if (type === "x") {
      if (this.#local) throw malformed("two extended headers stand before one entry");
      this.#local = this.#known(parsePax(parts));
    } else if (this.#limits.dialect !== "apk") this.#addGlobal(parsePax(parts));
  }

  #known(records: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
    if (this.#limits.dialect !== "apk") return records;
    return new Map([...records].filter(([key]) => APK_RECORD.test(key)));
  }

  #addGlobal(records: ReadonlyMap<string, Uint8Array>): void {
    for (const key of ["path", "linkpath", "size"]) {
      if (records.has(key)) throw malformed(`its global header sets "${key}"`);
    }
    this.#global = new Map([...this.#global, ...records]);
    if (this.#global.size > MAX_GLOBALS) {
      const what = `its global headers have more than ${MAX_GLOBALS} records`;
      throw new TowerError("limit", `Cannot read tar archive: ${what}`);
    }
  }

  #header(block: Uint8Array): void {
    if (this.#ended || isZero(block)) {
      if (!isZero(block)) throw malformed("bytes follow its end");
      if (this.#local ?? this.#longName ?? this.#longTarget) {
        throw malformed("an extended header has no entry");
      }
      this.#ended = true;
      return;
    }
    checkBlock(block);
    const type = String.fromCharCode(block[156]!);
    if (this.#limits.dialect === "apk" && (type === "\0" || type === "K" || !isOctal(block))) {
      throw malformed("a header has a type or a number that apk does not read");
    }
    const size = blockNumber(block, 124, 12);
    if (type === "x" || type === "g" || type === "L" || type === "K") this.#extend(type, size);
    else this.#entry(block, type, size);
    if (this.#content === 0) this.#whole();
  }

  #extend(type: string, size: number): void {
    if (type === "g") this.#globalBytes += size;
    const limit = type === "L" || type === "K" ? MAX_NAME + 1 : this.#limits.header;
    if (size > limit || this.#globalBytes > this.#limits.header) {
      throw new TowerError(
        "limit",
        `Cannot read tar archive: an extended header has more than ${limit} bytes`,
      );
    }
    this.#extension = { type, parts: new Uint8Array(size), filled: 0 };
    this.#expect(size);
  }

  #entry(block: Uint8Array, flag: string, headerSize: number): void {
    if (++this.#entries > this.#limits.entries) {
      throw new TowerError(
        "limit",
        `Cannot read tar archive: it has more than ${this.#limits.entries} entries`,
      );
    }
    const { dialect } = this.#limits;
    const pax = this.#global.size === 0
      ? this.#local ?? NO_RECORDS
      : new Map([...this.#global, ...this.#local ?? NO_RECORDS]);
    const path = paxText(pax, "path") ?? this.#longName ?? blockName(block);
    if (path === "") throw malformed("an entry has no name");
    if (dialect !== "apk") refuseSparse(pax, path);
    let type = TYPES[flag];
    if (!type) throw malformed(`entry "${path}" is of unknown type "${printable(flag)}"`);
    // Before ustar a directory was a file whose name ends with a slash.
    if (type === "file" && path.endsWith("/") && dialect !== "apk") type = "directory";
    const size = paxNumber(pax, "size") ?? headerSize;
    if (dialect === "apk" && size !== headerSize) {
      throw malformed(`entry "${path}" has another size for those who read its extended header`);
    }
    if (type !== "file" && size !== 0) throw malformed(`entry "${path}" has content`);
    const device = type === "char" || type === "block";
    const link = type === "symlink" || type === "hardlink";
    this.#handler.entry({
      type,
      path,
      mode: blockNumber(block, 100, 8) & 0o7777,
      uid: paxNumber(pax, "uid") ?? blockNumber(block, 108, 8),
      gid: paxNumber(pax, "gid") ?? blockNumber(block, 116, 8),
      user: paxText(pax, "uname") ?? blockText(block, 265, 32),
      group: paxText(pax, "gname") ?? blockText(block, 297, 32),
      mtime: paxNumber(pax, "mtime") ?? blockNumber(block, 136, 12),
      size,
      offset: this.#position,
      target: link
        ? paxText(pax, "linkpath") ?? this.#longTarget ?? blockText(block, 157, 100)
        : "",
      major: device ? blockNumber(block, 329, 8) : 0,
      minor: device ? blockNumber(block, 337, 8) : 0,
      xattrs: xattrsOf(pax),
      pax,
    });
    this.#local = this.#longName = this.#longTarget = undefined;
    this.#inEntry = true;
    this.#expect(size);
  }

  #expect(size: number): void {
    this.#content = size;
    this.#padding = (BLOCK - size % BLOCK) % BLOCK;
  }
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read tar archive: ${cause}`);
}
