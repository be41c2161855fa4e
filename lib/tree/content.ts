import { createHash } from "node:crypto";
import type { Digest } from "../brand.ts";
import { TowerError } from "../errors.ts";
import { type ByteSource, memorySource, readExactly, sourceAt } from "../bytes/bytes.ts";
import { digestOf, hexOf } from "../bytes/digest.ts";
import { type Content, type ContentReader, sizeOf } from "./entry.ts";

/** A whole blob as a content. */
export function wholeBlob({ digest, size }: { digest: Digest; size: number }): Content {
  return { kind: "span", blob: digest, offset: 0, size, sha256: hexOf(digest) };
}

/** What tells a content from every other, as text. */
export function identityOf(content: Content): string {
  if (content.kind === "inline") return hexOf(digestOf(content.bytes));
  const { blob, offset, size, sha256 } = content;
  return sha256 ?? `${blob} ${offset} ${size}`;
}

/** Hashes a content while it is read in order. */
export interface ContentCheck {
  update(bytes: Uint8Array): void;
  /** To be called behind the last byte. @throws {TowerError} `damaged` */
  end(): void;
}

const UNCHECKED: ContentCheck = { update() {}, end() {} };

/** Whether the bytes of a content are still those that were put into the store. */
export function checkOf(content: Content): ContentCheck {
  if (content.kind === "inline" || content.sha256 === undefined) return UNCHECKED;
  const { blob, offset, size, sha256 } = content;
  const hash = createHash("sha256");
  return {
    update: (bytes) => void hash.update(bytes),
    end() {
      if (hash.digest("hex") === sha256) return;
      throw damaged(blob, `bytes ${offset} to ${offset + size} are others than were put there`);
    },
  };
}

/** What is said of a blob that is not what its name says. */
export function damaged(blob: Digest, cause: string): TowerError {
  return new TowerError("damaged", `Cannot read blob "${blob}" of the store: ${cause}`, {
    hint: "if it happens again, the disk or the memory of this computer may be failing",
  });
}

/**
 * The bytes of a content in pieces of at most `chunk.length`, each a view of `chunk` that the
 * next step overwrites: the caller copies what it keeps.
 *
 * @throws {TowerError} `damaged` behind the last piece when they are not the ones that were stored
 */
export function* piecesOf(
  reader: ContentReader,
  content: Content,
  chunk: Uint8Array,
): Generator<Uint8Array> {
  if (content.kind === "inline") {
    if (content.bytes.length > 0) yield content.bytes;
    return;
  }
  const source = reader.open(content.blob);
  const check = checkOf(content);
  for (let done = 0; done < content.size;) {
    const want = Math.min(chunk.length, content.size - done);
    const n = source.readAt(content.offset + done, chunk.subarray(0, want));
    if (n <= 0) throw damaged(content.blob, `it ends at ${source.size}`);
    check.update(chunk.subarray(0, n));
    yield chunk.subarray(0, n);
    done += n;
  }
  check.end();
}

/**
 * A content as bytes at any offset, without loading it and without checking it: for a look into
 * a file whose bytes come out of the store by one of the other ways as well.
 */
export function sourceOf(reader: ContentReader, content: Content): ByteSource {
  if (content.kind === "inline") return memorySource(content.bytes);
  return sourceAt(reader.open(content.blob), content.offset, content.size);
}

/**
 * All bytes of a content.
 * @throws {RangeError} when it is longer than `limit` bytes
 * @throws {TowerError} `damaged`
 */
export function bytesOf(reader: ContentReader, content: Content, limit = 64 << 20): Uint8Array {
  const size = sizeOf(content);
  if (size > limit) throw new RangeError(`Cannot load ${size} bytes: the limit is ${limit}`);
  if (content.kind === "inline") return content.bytes;
  const bytes = readExactly(reader.open(content.blob), content.offset, content.size);
  const check = checkOf(content);
  check.update(bytes);
  check.end();
  return bytes;
}

/** A content as text. */
export function textOf(reader: ContentReader, content: Content, limit?: number): string {
  return new TextDecoder().decode(bytesOf(reader, content, limit));
}

/** An inline content from text. */
export function inlineText(text: string): Content {
  return { kind: "inline", bytes: new TextEncoder().encode(text) };
}
