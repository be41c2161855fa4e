import type { Breathe } from "../../lib/breathe.ts";
import { piecesOf } from "../../lib/tree/content.ts";
import { WORTH_PLACING } from "../../lib/tree/content_sink.ts";
import { type Content, type ContentReader, sizeOf } from "../../lib/tree/entry.ts";
import type { ArtifactSink } from "./output.ts";

const BUFFER = 1 << 20;

/**
 * Writes bytes and contents one after the other: small pieces (headers of half a kilobyte) in few large
 * writes. Large contents are only placed where the sink can do that.
 */
export async function inOrder(
  sink: ArtifactSink,
  parts: Iterable<Uint8Array | Content>,
  { reader, breathe }: { readonly reader: ContentReader; readonly breathe: Breathe },
): Promise<void> {
  const buffer = new Uint8Array(BUFFER);
  const chunk = new Uint8Array(BUFFER);
  let filled = 0;
  let position = 0;
  const flush = () => {
    sink.writeAt(position, buffer.subarray(0, filled));
    position += filled;
    filled = 0;
  };
  const put = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + BUFFER - filled);
      buffer.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === BUFFER) flush();
    }
  };
  for (const part of parts) {
    if (part instanceof Uint8Array) put(part);
    else if (sink.place && sizeOf(part) >= WORTH_PLACING) {
      flush();
      const length = sizeOf(part);
      sink.place(position, { content: part, from: 0, length });
      position += length;
    } else {
      for (const piece of piecesOf(reader, part, chunk)) {
        put(piece);
        await breathe();
      }
    }
    await breathe();
  }
  flush();
}
