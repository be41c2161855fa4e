import type { Digest } from "../brand.ts";

/** Formats of archives that hold many entries. */
export const ARCHIVE_FORMATS = ["tar", "zip", "cpio"] as const;
export type ArchiveFormat = typeof ARCHIVE_FORMATS[number];

export type ArchiveEntryType =
  | "file"
  | "directory"
  | "symlink"
  | "hardlink"
  | "char"
  | "block"
  | "fifo";

/** An entry as an archive has it: nothing of it is checked. */
export interface RawEntry {
  readonly type: ArchiveEntryType;
  readonly path: string;
  /** 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970; 0 where the archive tells none. */
  readonly mtime: number;
  /** Bytes of content that follow; 0 for all but files. */
  readonly size: number;
  /** Where the content starts in the bytes that hold it. */
  readonly offset: number;
  /** Of a symbolic or hard link, "" for the rest. */
  readonly target: string;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

/** Who is told what an archive holds, in its order. Pieces are valid during the call only. */
export interface EntryHandler {
  entry(entry: RawEntry): void;
  /** A piece of the last entry's content. */
  content(bytes: Uint8Array): void;
  /** The last entry is whole. */
  end(): void;
}

/**
 * An entry of an archive, checked: its path is canonical and once there, what it lies in is a
 * directory or not listed, a hard link names a file before it. Plain JSON.
 */
export interface ArchiveEntry {
  readonly type: ArchiveEntryType;
  /** Relative to the archive, as in a tree. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of links. A hard link's is the path of a file entry. */
  readonly target?: string;
  /** Of files: where the content lies in the blob of all contents, and its SHA-256. */
  readonly content?: { readonly offset: number; readonly size: number; readonly sha256: string };
  /** Of devices. */
  readonly device?: readonly [major: number, minor: number];
  /** Names and values in base64, ordered by name. */
  readonly xattrs?: readonly (readonly [string, string])[];
}

/** A blob of the store. */
export interface Blob {
  readonly digest: Digest;
  readonly size: number;
}

/** What a source gives: the entries of an archive with the blob of their contents, or one file. */
export type SourceContent =
  | { readonly type: "entries"; readonly entries: readonly ArchiveEntry[]; readonly data: Blob }
  | { readonly type: "file"; readonly file: Blob };

/** What a plan says of a source that its manifest names: two equal ones give the same bytes. */
export interface PlannedSource {
  readonly kind: string;
  readonly digest: Digest;
  /** How its bytes are read. */
  readonly format: string;
}
