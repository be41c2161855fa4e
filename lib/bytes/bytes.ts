/**
 * Bytes that can be read at any offset. Synchronous on purpose: sources are files in the page
 * cache or memory, and a promise per read costs more than the read.
 */
export interface ByteSource {
  readonly size: number;
  /** Reads up to `into.length` bytes at `offset`; returns how many, 0 only at the end. */
  readAt(offset: number, into: Uint8Array): number;
}

/** Bytes that can be written at any offset. What is never written reads as zeros (a hole). */
export interface ByteSink {
  writeAt(offset: number, bytes: Uint8Array): void;
}

/** A source over bytes in memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    readAt(offset, into) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
  };
}

/** A window of a sink that starts at `base`: what a partition is to its disk. */
export function sinkAt(sink: ByteSink, base: number): ByteSink {
  return { writeAt: (offset, bytes) => sink.writeAt(base + offset, bytes) };
}

/** A window of a source from `base` on: what a partition is to its disk. */
export function sourceAt(
  source: Pick<ByteSource, "readAt">,
  base: number,
  size: number,
): ByteSource {
  return {
    size,
    readAt(offset, into) {
      const want = Math.min(into.length, size - offset);
      return want <= 0 ? 0 : source.readAt(base + offset, into.subarray(0, want));
    },
  };
}

/** A sink in memory of a fixed size, for small images and tests. Writing past its end throws. */
export function memorySink(size: number): ByteSink & ByteSource & { readonly bytes: Uint8Array } {
  const buffer = new Uint8Array(size);
  return {
    bytes: buffer,
    ...memorySource(buffer),
    writeAt(offset, bytes) {
      if (offset < 0 || offset + bytes.length > size) {
        throw new RangeError(
          `Cannot write ${bytes.length} bytes at ${offset}: the sink has ${size}`,
        );
      }
      buffer.set(bytes, offset);
    },
  };
}

/** Reads exactly `length` bytes at `offset`. @throws {RangeError} when the source ends before. */
export function readExactly(source: ByteSource, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const n = source.readAt(offset + done, bytes.subarray(done));
    if (n <= 0) {
      throw new RangeError(
        `Cannot read ${length} bytes at ${offset}: the source ends at ${source.size}`,
      );
    }
    done += n;
  }
  return bytes;
}

/** Bytes one after another in one array. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** How many bytes a text has in UTF-8, without making them; it has no half of a surrogate pair. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // Two units of a pair make four bytes.
    length += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return length;
}

/** The UTF-8 bytes of many pieces of text, in chunks of 64 KiB or somewhat more. */
export function* encodedChunks(pieces: Iterable<string>): Generator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  let text = "";
  for (const piece of pieces) {
    text += piece;
    if (text.length < CHUNK) continue;
    yield encoder.encode(text);
    text = "";
  }
  if (text !== "") yield encoder.encode(text);
}

const CHUNK = 64 << 10;

/** Orders strings by their UTF-8 bytes, as `LC_ALL=C sort` does: no locale reaches an output. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    let x = a.charCodeAt(i), y = b.charCodeAt(i);
    if (x === y) continue;
    // UTF-16 puts surrogates below U+E000..U+FFFF, UTF-8 puts them above.
    if (x >= 0xd800 && y >= 0xd800) {
      x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
      y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
    }
    return x - y;
  }
  return a.length - b.length;
}
