import type { ByteSource } from "../../lib/bytes/bytes.ts";
import { checkOf, type ContentCheck, damaged } from "../../lib/tree/content.ts";
import type { ContentPart } from "../../lib/tree/content_sink.ts";
import { type Content, type ContentReader, sizeOf } from "../../lib/tree/entry.ts";

interface PlacedPart extends ContentPart {
  readonly offset: number;
}

/**
 * Contents that lie in a file without having been written to it: what reads the file through this
 * gets them from the store. So an image that is only a step to a compressed one is not made.
 */
export class PlacedContents {
  readonly #file: Pick<ByteSource, "readAt">;
  readonly #reader: ContentReader;
  #parts: PlacedPart[] = [];
  #isSorted = true;

  /** @param file what was written; what lies behind its end counts as zeros */
  constructor(file: Pick<ByteSource, "readAt">, reader: ContentReader) {
    this.#file = file;
    this.#reader = reader;
  }

  /** As `place` of a `ContentSink`. */
  add(offset: number, part: ContentPart): void {
    if (part.length === 0) return;
    const last = this.#parts.at(-1);
    if (last && offset < last.offset) this.#isSorted = false;
    this.#parts.push({ ...part, offset });
  }

  /** The file with its contents, at any offset; what comes of the store is not checked. */
  source(size: number): ByteSource {
    return this.#source(size, () => {});
  }

  /**
   * The same for who reads all of it once, in order, but for holes: each content is checked behind
   * its last byte.
   * @throws {TowerError} `damaged`
   */
  checkedSource(size: number): ByteSource {
    let now: { readonly content: Content; readonly check: ContentCheck; done: number } | undefined;
    return this.#source(size, ({ content }, from, bytes) => {
      if (from === 0) now = { content, check: checkOf(content), done: 0 };
      if (now?.content !== content || now.done !== from) {
        throw new RangeError(
          `Cannot check a content from byte ${from} on: it is not read in order`,
        );
      }
      now.check.update(bytes);
      now.done += bytes.length;
      if (now.done === sizeOf(content)) now.check.end();
    });
  }

  #source(
    size: number,
    onBytes: (part: PlacedPart, from: number, bytes: Uint8Array) => void,
  ): ByteSource {
    return {
      size,
      readAt: (offset, wanted) => {
        const into = wanted.subarray(0, Math.max(0, size - offset));
        const parts = this.#sorted();
        let i = this.#firstBehind(offset);
        for (let done = 0; done < into.length;) {
          const at = offset + done;
          const part = parts[i];
          const rest = into.subarray(done);
          if (part === undefined || at < part.offset) {
            const gap = rest.subarray(0, part && part.offset - at);
            done += this.#file.readAt(at, gap) || gap.fill(0).length;
            continue;
          }
          const from = part.from + at - part.offset;
          const bytes = rest.subarray(0, part.from + part.length - from);
          this.#read(part.content, from, bytes);
          onBytes(part, from, bytes);
          done += bytes.length;
          if (from + bytes.length === part.from + part.length) i++;
        }
        return into.length;
      },
    };
  }

  #read(content: Content, from: number, into: Uint8Array): void {
    if (content.kind === "inline") {
      into.set(content.bytes.subarray(from, from + into.length));
      return;
    }
    const source = this.#reader.open(content.blob);
    for (let done = 0; done < into.length;) {
      const n = source.readAt(content.offset + from + done, into.subarray(done));
      if (n <= 0) throw damaged(content.blob, `it ends at ${source.size}`);
      done += n;
    }
  }

  #sorted(): readonly PlacedPart[] {
    if (!this.#isSorted) this.#parts.sort((a, b) => a.offset - b.offset);
    this.#isSorted = true;
    return this.#parts;
  }

  /** The index of the first part that ends behind an offset. */
  #firstBehind(offset: number): number {
    const parts = this.#sorted();
    let [low, high] = [0, parts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (parts[middle]!.offset + parts[middle]!.length <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
