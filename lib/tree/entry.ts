import type { Digest } from "../brand.ts";
import type { ByteSource } from "../bytes/bytes.ts";

/**
 * The bytes of a file: a small literal, or a range of a blob in the content store
 * (a package's files are ranges of its decompressed tar). Never a path of the machine.
 */
export type Content =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | {
    readonly kind: "span";
    readonly blob: Digest;
    readonly offset: number;
    readonly size: number;
    /**
     * SHA-256 of these bytes in hexadecimal: they are hashed again on their way out of the store.
     * Undefined means unchecked.
     */
    readonly sha256: string | undefined;
  };

/** Opens blobs that content refers to. The store implements it; tests use a map. */
export interface ContentReader {
  /** @throws {TowerError} `not-found` when the blob is not there. */
  open(blob: Digest): ByteSource;
}

/** Who put an entry into the tree: a package or a source by name, or a stage by kind. */
export type Origin = `package:${string}` | `source:${string}` | `stage:${string}`;

/** What all entries share. */
export interface EntryBase {
  /** Path from the root without a leading slash; the root itself is "". */
  readonly path: string;
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Extended attributes with their full name (`security.capability`); absent means none. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
  readonly origin: Origin;
}

export interface FileEntry extends EntryBase {
  readonly type: "file";
  readonly content: Content;
}
export interface DirectoryEntry extends EntryBase {
  readonly type: "directory";
}
export interface SymlinkEntry extends EntryBase {
  readonly type: "symlink";
  readonly target: string;
}
/** Another name of a file in the same tree; mode, owner and content are the target's. */
export interface HardlinkEntry extends EntryBase {
  readonly type: "hardlink";
  /** Path of a `file` entry. */
  readonly target: string;
}
export interface DeviceEntry extends EntryBase {
  readonly type: "char" | "block";
  readonly major: number;
  readonly minor: number;
}
export interface FifoEntry extends EntryBase {
  readonly type: "fifo";
}

export type Entry =
  | FileEntry
  | DirectoryEntry
  | SymlinkEntry
  | HardlinkEntry
  | DeviceEntry
  | FifoEntry;

/** Length of a content in bytes. */
export function sizeOf(content: Content): number {
  return content.kind === "inline" ? content.bytes.length : content.size;
}
