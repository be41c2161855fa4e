import { createHash, type Hash } from "node:crypto";
import type { FilePart } from "../../lib/files/file_parts.ts";

/**
 * The SHA-256 of each part of what passes by in order. Where every processor has work, this is less of
 * it than a thread that reads all of it once more.
 */
export class PassingDigests {
  readonly #parts: readonly FilePart[];
  readonly #done: string[] = [];
  #hash: Hash = createHash("sha256");

  /** @param parts in order, none empty, none within another */
  constructor(parts: readonly FilePart[]) {
    this.#parts = parts;
  }

  /** Takes the next bytes, which lie in one part or outside of all. */
  update(bytes: Uint8Array, at: number): void {
    const part = this.#parts[this.#done.length];
    if (part === undefined || at < part.offset) return;
    this.#hash.update(bytes);
    if (at + bytes.length < part.offset + part.length) return;
    this.#done.push(this.#hash.digest("hex"));
    this.#hash = createHash("sha256");
  }

  /** Lower-case hexadecimal, once all has passed. */
  get result(): readonly string[] {
    return this.#done;
  }
}
