import { type ByteSink, sinkAt } from "../bytes/bytes.ts";
import type { Content } from "./entry.ts";

/** Bytes of a content, from an offset in it on. */
export interface ContentPart {
  readonly content: Content;
  readonly from: number;
  readonly length: number;
}

/** A sink that need not be given the bytes of contents. */
export interface ContentSink extends ByteSink {
  /**
   * Says that a part of a content lies at an offset: it is taken from the store once all is read in
   * order, and checked then. A content is placed whole, its parts one after another, and nothing is
   * written over it. Missing where bytes have to be written.
   */
  place?(offset: number, part: ContentPart): void;
}

/** Bytes of a content below which to remember its place costs more than to write it. */
export const WORTH_PLACING = 16 << 10;

/** A window of such a sink that starts at `base`. */
export function contentSinkAt(sink: ContentSink, base: number): ContentSink {
  const window = sinkAt(sink, base);
  if (!sink.place) return window;
  return { ...window, place: (offset, part) => sink.place!(base + offset, part) };
}
