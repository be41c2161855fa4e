import type { Digest } from "../../../lib/brand.ts";
import { TowerError } from "../../../lib/errors.ts";
import { type ByteSource, memorySource } from "../../../lib/bytes/bytes.ts";
import { digestOf } from "../../../lib/bytes/digest.ts";
import type { BlobWriter, ContentStore } from "../../../lib/store/ports.ts";

/** A content store in memory for tests. */
export class MemoryStore implements ContentStore {
  readonly #blobs = new Map<Digest, Uint8Array>();
  readonly #notes = new Map<string, string>();
  readonly #kept = new Map<string, Uint8Array<ArrayBuffer>>();

  /** Number of blobs. */
  get size(): number {
    return this.#blobs.size;
  }

  open(blob: Digest): ByteSource {
    const bytes = this.#blobs.get(blob);
    if (!bytes) throw new TowerError("not-found", `Cannot open blob "${blob}": it is not there`);
    return memorySource(bytes);
  }

  has(digest: Digest): boolean {
    return this.#blobs.has(digest);
  }

  isWhole(digest: Digest): boolean {
    const bytes = this.#blobs.get(digest);
    return bytes !== undefined && digestOf(bytes) === digest;
  }

  put(bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    this.#blobs.set(digest, bytes.slice());
    return digest;
  }

  writer(): MemoryBlobWriter {
    return new MemoryBlobWriter((bytes) => this.put(bytes));
  }

  readNote(kind: string, name: string): unknown | undefined {
    const text = this.#notes.get(JSON.stringify([kind, name]));
    return text === undefined ? undefined : JSON.parse(text);
  }

  writeNote(kind: string, name: string, value: unknown): void {
    this.#notes.set(JSON.stringify([kind, name]), JSON.stringify(value));
  }

  recall(kind: string, name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return Promise.resolve(this.#kept.get(JSON.stringify([kind, name])));
  }

  remember(kind: string, name: string, bytes: Uint8Array): Promise<void> {
    return Promise.resolve(void this.#kept.set(JSON.stringify([kind, name]), bytes.slice()));
  }
}

/** Remembers what became of it: tests look at `state`. */
export class MemoryBlobWriter implements BlobWriter {
  #bytes = new Uint8Array();
  #size = 0;
  readonly #put: (bytes: Uint8Array) => Digest;
  state: "open" | "committed" | "discarded" = "open";

  constructor(put: (bytes: Uint8Array) => Digest) {
    this.#put = put;
  }

  write(bytes: Uint8Array): void {
    this.writeAt(this.#size, bytes);
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    if (this.state !== "open") throw new Error(`Cannot write: the blob is ${this.state}`);
    this.setSize(Math.max(this.#size, offset + bytes.length));
    this.#bytes.set(bytes, offset);
  }

  setSize(size: number): void {
    if (size > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(size, 2 * this.#bytes.length));
      bytes.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = bytes;
    } else if (size < this.#size) this.#bytes.fill(0, size, this.#size);
    this.#size = size;
  }

  readAt(offset: number, into: Uint8Array): number {
    return memorySource(this.#bytes.subarray(0, this.#size)).readAt(offset, into);
  }

  commit(): { digest: Digest; size: number } {
    if (this.state !== "open") throw new Error(`Cannot commit: the blob is ${this.state}`);
    this.state = "committed";
    return { digest: this.#put(this.#bytes.subarray(0, this.#size)), size: this.#size };
  }

  discard(): void {
    if (this.state === "open") this.state = "discarded";
    this.#bytes = new Uint8Array();
    this.#size = 0;
  }
}
