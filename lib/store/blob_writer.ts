import { createHash } from "node:crypto";
import type { Digest } from "../brand.ts";
import { digestFromHex } from "../bytes/digest.ts";
import { attempt } from "../files/file_error.ts";
import type { BlobWriter } from "./ports.ts";
import { publish, removeIfThere, writeAll } from "../files/whole_file.ts";

const CHUNK = 1 << 20;

/** Writes a blob into a temporary file that `commit` names. */
export class FileBlobWriter implements BlobWriter {
  readonly #temporary: string;
  readonly #pathOf: (digest: Digest) => string;
  readonly #hash = createHash("sha256");
  readonly #file: Deno.FsFile;
  #size = 0;
  /** Where the next byte goes without a seek. */
  #position = 0;
  /** Whether all was written in order: then it is hashed as it comes. */
  #isInOrder = true;
  #isOpen = true;

  constructor(temporary: string, pathOf: (digest: Digest) => string) {
    this.#temporary = temporary;
    this.#pathOf = pathOf;
    this.#file = attempt(
      "write",
      temporary,
      () => Deno.openSync(temporary, { read: true, write: true, createNew: true }),
    );
  }

  write(bytes: Uint8Array): void {
    this.writeAt(this.#size, bytes);
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    attempt("write", this.#temporary, () => {
      this.#seek(offset);
      writeAll(this.#file, bytes);
    });
    if (offset !== this.#size) this.#isInOrder = false;
    if (this.#isInOrder) this.#hash.update(bytes);
    this.#position = offset + bytes.length;
    this.#size = Math.max(this.#size, this.#position);
  }

  setSize(size: number): void {
    if (size === this.#size) return;
    attempt("write", this.#temporary, () => this.#file.truncateSync(size));
    this.#isInOrder = false;
    this.#size = size;
  }

  readAt(offset: number, into: Uint8Array): number {
    return attempt("read", this.#temporary, () => {
      this.#seek(offset);
      const n = this.#file.readSync(into) ?? 0;
      this.#position = offset + n;
      return n;
    });
  }

  commit(): { digest: Digest; size: number } {
    const digest = this.#digest();
    const size = this.#size;
    const path = this.#pathOf(digest);
    this.#close();
    attempt("write", path, () => {
      // Also over one that is there: nobody has looked whether its bytes are still right.
      publish(this.#temporary, path, 0o444);
    });
    return { digest, size };
  }

  discard(): void {
    if (!this.#isOpen) return;
    this.#close();
    attempt("remove", this.#temporary, () => removeIfThere(this.#temporary));
  }

  /** What was written out of order is read for it. */
  #digest(): Digest {
    if (this.#isInOrder) return digestFromHex(this.#hash.digest("hex"));
    const hash = createHash("sha256");
    const chunk = new Uint8Array(CHUNK);
    for (let at = 0, n; (n = this.readAt(at, chunk)) > 0; at += n) {
      hash.update(chunk.subarray(0, n));
    }
    return digestFromHex(hash.digest("hex"));
  }

  #seek(offset: number): void {
    if (offset === this.#position) return;
    // What fails in between leaves it anywhere.
    this.#position = -1;
    this.#file.seekSync(offset, Deno.SeekMode.Start);
  }

  #close(): void {
    this.#isOpen = false;
    this.#file.close();
  }
}
