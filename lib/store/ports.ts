import type { Digest } from "../brand.ts";
import type { ByteSink } from "../bytes/bytes.ts";
import type { ContentReader } from "../tree/entry.ts";

/**
 * A blob that is being written: it has no name until it is whole. Bytes that were never written
 * read as zeros.
 */
export interface BlobWriter extends ByteSink {
  /** Writes behind what is there. */
  write(bytes: Uint8Array): void;
  /** Sets its length. */
  setSize(size: number): void;
  /** Reads up to `into.length` bytes of what was written; returns how many, 0 only at the end. */
  readAt(offset: number, into: Uint8Array): number;
  /** Names the blob by the SHA-256 of all bytes written and makes it visible at once. */
  commit(): { digest: Digest; size: number };
  /** Throws the bytes away. Safe to call after `commit`. */
  discard(): void;
}

/**
 * Contents by SHA-256, shared by concurrent builds: a blob appears whole (temp + rename) or not
 * at all, and is never changed.
 */
export interface ContentStore extends ContentReader {
  has(digest: Digest): boolean;
  /** Hashes a blob again: whether it is there and has the bytes that its name says. */
  isWhole(digest: Digest): boolean;
  put(bytes: Uint8Array): Digest;
  writer(): BlobWriter;
  /** A small JSON document under a name of a kind, such as ("unpacked", apk digest). */
  readNote(kind: string, name: string): unknown | undefined;
  writeNote(kind: string, name: string, value: unknown): void;
  /** Bytes under a name of a kind, whole; they begin at a place that eight divides. */
  recall(kind: string, name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  remember(kind: string, name: string, bytes: Uint8Array): Promise<void>;
}
