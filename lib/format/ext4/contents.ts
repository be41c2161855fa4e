import { checkOf, damaged } from "../../tree/content.ts";
import type { Content, ContentReader } from "../../tree/entry.ts";
import { sizeOf } from "../../tree/entry.ts";
import { type ContentSink, WORTH_PLACING } from "../../tree/content_sink.ts";
import type { BlockWriter } from "./block_writer.ts";
import { BLOCK_SIZE, type Run } from "./geometry.ts";

/**
 * Writes a content into its blocks, the last one filled up with zeros; a large one is only placed there
 * where the sink can do that.
 *
 * @returns how many bytes came in, piece by piece
 * @throws {TowerError} `damaged` when the blob is not what the content says
 */
export function* writeContent(
  writer: BlockWriter,
  { reader, sink }: { readonly reader: ContentReader; readonly sink: ContentSink },
  runs: readonly Run[],
  content: Content,
): Generator<number> {
  const size = sizeOf(content);
  if (size === 0) return;
  if (sink.place && size >= WORTH_PLACING) {
    let from = 0;
    for (const { start, count } of runs) {
      const length = Math.min(count * BLOCK_SIZE, size - from);
      sink.place(start * BLOCK_SIZE, { content, from, length });
      from += length;
    }
    return yield size;
  }
  const read = readerOf(reader, content);
  const check = checkOf(content);
  let done = 0;
  for (const { start, count } of runs) {
    const offset = start * BLOCK_SIZE;
    const length = Math.min(count * BLOCK_SIZE, size - done);
    for (let at = 0; at < length;) {
      const span = writer.span(offset + at, length - at);
      read(done, span);
      check.update(span);
      at += span.length;
      done += span.length;
      yield span.length;
    }
    const rest = length % BLOCK_SIZE;
    if (rest > 0) writer.zeros(offset + length, BLOCK_SIZE - rest);
  }
  check.end();
}

/** How to fill an array with the bytes of a content from an offset on. */
function readerOf(
  reader: ContentReader,
  content: Content,
): (offset: number, into: Uint8Array) => void {
  if (content.kind === "inline") {
    return (offset, into) => into.set(content.bytes.subarray(offset, offset + into.length));
  }
  const source = reader.open(content.blob);
  return (offset, into) => {
    for (let done = 0; done < into.length;) {
      const n = source.readAt(content.offset + offset + done, into.subarray(done));
      if (n <= 0) throw damaged(content.blob, `it ends at ${source.size}`);
      done += n;
    }
  };
}
