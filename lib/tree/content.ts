import { type ByteSource, memorySource, readExactly } from "../format/bytes.ts";
import { type Content, type ContentReader, sizeOf } from "./entry.ts";

/**
 * The bytes of a content in pieces of at most `chunk.length`, each a view of `chunk` that the
 * next step overwrites: the caller copies what it keeps.
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
  for (let done = 0; done < content.size;) {
    const want = Math.min(chunk.length, content.size - done);
    const n = source.readAt(content.offset + done, chunk.subarray(0, want));
    if (n <= 0) {
      throw new RangeError(`Cannot read blob "${content.blob}": it ends at ${source.size}`);
    }
    yield chunk.subarray(0, n);
    done += n;
  }
}

/** A content as bytes at any offset, without loading it. */
export function sourceOf(reader: ContentReader, content: Content): ByteSource {
  if (content.kind === "inline") return memorySource(content.bytes);
  const blob = reader.open(content.blob);
  const { offset: base, size } = content;
  return {
    size,
    readAt(offset, into) {
      const want = Math.min(into.length, size - offset);
      return want <= 0 ? 0 : blob.readAt(base + offset, into.subarray(0, want));
    },
  };
}

/** All bytes of a content. @throws {RangeError} when it is longer than `limit` bytes. */
export function bytesOf(reader: ContentReader, content: Content, limit = 64 << 20): Uint8Array {
  const size = sizeOf(content);
  if (size > limit) throw new RangeError(`Cannot load ${size} bytes: the limit is ${limit}`);
  if (content.kind === "inline") return content.bytes;
  return readExactly(reader.open(content.blob), content.offset, content.size);
}

/** A content as text. */
export function textOf(reader: ContentReader, content: Content, limit?: number): string {
  return new TextDecoder().decode(bytesOf(reader, content, limit));
}

/** An inline content from text. */
export function inlineText(text: string): Content {
  return { kind: "inline", bytes: new TextEncoder().encode(text) };
}
