import { crc32, inflateRawSync } from "node:zlib";
import { Gzip } from "fflate";
import { TowerError } from "../errors.ts";
import { concat } from "../bytes/bytes.ts";
import { Inflater } from "./inflater.ts";

/** Longest header accepted: the fixed part and three optional fields (RFC 1952, 2.3). */
const MAX_HEADER = 256 << 10;
/** Bytes that a member in memory is inflated by: four times zlib's own, for 0.6x of the time. */
const INFLATE_PIECE = 64 << 10;
/** fflate's output depends on how its input is cut, so it always gets pieces of this size. */
const DEFLATE_PIECE = 64 << 10;

const FHCRC = 2, FEXTRA = 4, FNAME = 8, FCOMMENT = 16, RESERVED = 0xe0;

/** Where the bytes of a member go. Pieces are views that are valid during the call only. */
export interface MemberSink {
  /** The member as it stands in the file: header, deflate stream and trailer. */
  compressed(bytes: Uint8Array): void;
  /** The member's content. */
  inflated(bytes: Uint8Array): void;
}

/**
 * Reads the members of a gzip file one by one from a stream and knows where each ends, which is
 * what an .apk needs: its parts are members (RFC 1952, 2.2). CRC-32 and length of each are
 * checked. Holds one input chunk and one window, whatever the size of a member.
 */
export class GzipReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * Reads the next member into the sink; an error that the sink throws ends the reading.
   * Returns false when the input has ended.
   * @throws {TowerError} `malformed` when the bytes are no whole gzip member.
   */
  async member(sink: MemberSink): Promise<boolean> {
    if (!await this.#fill(1)) return false;
    sink.compressed(await this.#header());
    const { crc, size } = await this.#body(sink);
    const trailer = await this.#take(8);
    checkTrailer(trailer, crc, size);
    sink.compressed(trailer);
    return true;
  }

  /** Releases the input. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Has at least `n` bytes at hand; false when the input ends before. */
  async #fill(n: number): Promise<boolean> {
    if (this.#rest.length >= n) return true;
    const parts = this.#rest.length === 0 ? [] : [this.#rest];
    let have = this.#rest.length;
    while (have < n) {
      const next = await this.#chunks.next();
      if (next.done) break;
      parts.push(next.value);
      have += next.value.length;
    }
    this.#rest = parts.length === 1 ? parts[0]! : concat(parts);
    return have >= n;
  }

  async #take(n: number): Promise<Uint8Array> {
    if (!await this.#fill(n)) throw malformed("it ends too early");
    const bytes = this.#rest.subarray(0, n);
    this.#rest = this.#rest.subarray(n);
    return bytes;
  }

  async #header(): Promise<Uint8Array> {
    for (let want = 10;;) {
      if (!await this.#fill(want)) throw malformed("it ends too early");
      const length = headerLength(this.#rest);
      if (length > 0) return this.#take(length);
      want = this.#rest.length + 1;
    }
  }

  async #body(sink: MemberSink): Promise<{ crc: number; size: number }> {
    const inflater = new Inflater((bytes) => sink.inflated(bytes), malformed);
    try {
      while (!inflater.ended) {
        if (!await this.#fill(1)) throw malformed("it ends too early");
        const used = await inflater.feed(this.#rest);
        sink.compressed(this.#rest.subarray(0, used));
        this.#rest = this.#rest.subarray(used);
      }
      return inflater;
    } finally {
      inflater.close();
    }
  }
}

/**
 * Inflates the one member that starts at `start` of bytes in memory, up to `limit` bytes.
 * Returns its content and where it ends.
 * @throws {TowerError} `malformed`, or `limit` when the content is longer.
 */
export function gunzipMember(
  bytes: Uint8Array,
  start: number,
  limit: number,
): { content: Uint8Array; end: number } {
  const header = headerLength(bytes.subarray(start));
  if (header === 0) throw malformed("it ends too early");
  const body = start + header;
  const { content, used } = inflate(bytes.subarray(body), limit);
  const end = body + used + 8;
  if (end > bytes.length) throw malformed("it ends too early");
  checkTrailer(bytes.subarray(end - 8, end), crc32(content), content.length);
  return { content, end };
}

function inflate(bytes: Uint8Array, limit: number): { content: Uint8Array; used: number } {
  try {
    // `info` is documented by Node but missing from the types.
    const { buffer, engine } = inflateRawSync(
      bytes,
      { info: true, maxOutputLength: limit, chunkSize: INFLATE_PIECE } as object,
    ) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    return { content: buffer, used: engine.bytesWritten };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
      throw new TowerError("limit", `Cannot inflate gzip member: it has more than ${limit} bytes`);
    }
    throw malformed(error instanceof Error ? error.message : String(error));
  }
}

/** Length of the header that `bytes` start with, 0 when more bytes are needed. */
function headerLength(bytes: Uint8Array): number {
  if (bytes.length < 10) return 0;
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw malformed("its magic number is missing");
  if (bytes[2] !== 8) throw malformed(`method ${bytes[2]} is not deflate`);
  const flags = bytes[3]!;
  if (flags & RESERVED) throw malformed("reserved flags are set");
  let at = 10;
  if (flags & FEXTRA) {
    if (bytes.length < at + 2) return 0;
    at += 2 + (bytes[at]! | bytes[at + 1]! << 8);
    if (bytes.length < at) return 0;
  }
  for (const flag of [FNAME, FCOMMENT]) {
    if (!(flags & flag)) continue;
    const zero = bytes.indexOf(0, at);
    if (zero < 0 && bytes.length > MAX_HEADER) throw malformed("its header is too long");
    if (zero < 0) return 0;
    at = zero + 1;
  }
  if (flags & FHCRC) {
    if (bytes.length < at + 2) return 0;
    const want = bytes[at]! | bytes[at + 1]! << 8;
    if ((crc32(bytes.subarray(0, at)) & 0xffff) !== want) {
      throw malformed("its header does not match its checksum");
    }
    at += 2;
  }
  return at;
}

function checkTrailer(trailer: Uint8Array, crc: number, size: number): void {
  const view = new DataView(trailer.buffer, trailer.byteOffset, 8);
  if (view.getUint32(0, true) !== crc >>> 0) throw malformed("its CRC-32 does not match");
  if (view.getUint32(4, true) !== size % 2 ** 32) throw malformed("its length does not match");
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot inflate gzip member: ${cause}`);
}

/** Compression levels of deflate: 0 stores, 9 is smallest. */
export type GzipLevel = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/**
 * Compresses a stream to one gzip member. The result depends on the bytes and the level alone:
 * not on how they were cut into chunks, the machine, the clock or the version of a system zlib.
 */
export class GzipWriter {
  readonly #gzip: Gzip;
  readonly #piece = new Uint8Array(DEFLATE_PIECE);
  #filled = 0;

  /** `push` gets the compressed pieces; they are not reused afterwards. */
  constructor(level: GzipLevel, push: (bytes: Uint8Array) => void) {
    // The default of `mtime` is the clock; 0 is written as "no time stamp".
    this.#gzip = new Gzip({ level, mtime: 0 }, (bytes) => {
      if (bytes.length > 0) push(bytes);
    });
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + DEFLATE_PIECE - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === DEFLATE_PIECE) this.#flush(false);
    }
  }

  /** Writes the trailer. */
  end(): void {
    this.#flush(true);
  }

  #flush(last: boolean): void {
    // fflate may keep what it is given.
    this.#gzip.push(this.#piece.slice(0, this.#filled), last);
    this.#filled = 0;
  }
}

/** One gzip member of bytes in memory: the same bytes as {@linkcode GzipWriter} makes. */
export function gzip(bytes: Uint8Array, level: GzipLevel): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const writer = new GzipWriter(level, (part) => parts.push(part));
  writer.write(bytes);
  writer.end();
  return concat(parts);
}
