import type { ByteSource } from "../bytes/bytes.ts";
import type { Breathe } from "../breathe.ts";
import { TowerError } from "../errors.ts";
import { decompressed, type XzPorts } from "../format/decompressed.ts";
import { TarReader } from "../format/tar_reader.ts";
import type { BlobWriter } from "../store/ports.ts";
import { ArchiveCollector } from "./collector.ts";
import { CpioReader } from "./cpio_reader.ts";
import type { ArchiveEntry, ArchiveFormat } from "./entry.ts";
import { readZip } from "./zip_reader.ts";

const PIECE = 1 << 20;
/** Most entries, and most bytes of a header of tar. */
const ENTRIES = 500_000, HEADER = 1 << 20;
/**
 * Most bytes that an archive may become: as a multiple of its own size, and in any case. Sources of
 * programs stay below 20; deflate itself could do 1032, xz and zstd far more.
 */
const MOST_INFLATION = 200, ALWAYS = 64 << 20;
/** By the bytes that each begins with (RFC 1952, RFC 8878, the .xz file format). */
const MAGICS = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
] as const;

/** What archives are unpacked with. */
export interface UnpackPorts extends XzPorts {
  readonly breathe: Breathe;
}

/** An archive whose digest is the one that it should have. */
export interface ArchiveFile {
  readonly source: ByteSource;
  readonly format: ArchiveFormat;
  /** For messages. */
  readonly name: string;
}

/** How all bytes of a file may be compressed. */
export type Compression = typeof MAGICS[number][0];

/** How the bytes of an archive are compressed as a whole; undefined where they are not. */
export function compressionIn(source: ByteSource): Compression | undefined {
  const begin = new Uint8Array(6);
  source.readAt(0, begin);
  return MAGICS.find(([, magic]) => magic.every((byte, i) => byte === begin[i]))?.[0];
}

/**
 * Reads an archive, checks its entries and writes what they are ranges of: a tar or cpio without its
 * compression, the contents of a zip one behind the other.
 *
 * @throws {TowerError} `malformed`, `limit` or `unsupported` for what is no such archive, for paths
 * that leave it or come twice, and for what would become too large; `tool` where there is no xz.
 */
export async function unpackArchive(
  { source, format, name }: ArchiveFile,
  data: Pick<BlobWriter, "write">,
  ports: UnpackPorts,
): Promise<readonly ArchiveEntry[]> {
  const collector = new ArchiveCollector();
  const most = ALWAYS + MOST_INFLATION * source.size;
  try {
    if (format === "zip") {
      const handler = {
        entry: (raw: Parameters<typeof collector.entry>[0]) => collector.entry(raw),
        content(bytes: Uint8Array) {
          collector.content(bytes);
          data.write(bytes);
        },
        end: () => collector.end(),
      };
      await readZip(source, handler, { entries: ENTRIES, content: most }, ports.breathe);
      return collector.entries();
    }
    const limits = { entries: ENTRIES, header: HEADER };
    const reader = format === "tar"
      ? new TarReader(collector, limits)
      : new CpioReader(collector, limits);
    let size = 0;
    for await (
      const bytes of decompressed(chunksOf(source, ports), compressionIn(source), name, ports)
    ) {
      await ports.breathe();
      size += bytes.length;
      if (size > most) {
        throw new TowerError("limit", `it becomes more than ${most} bytes, which no real one does`);
      }
      data.write(bytes);
      reader.push(bytes);
    }
    reader.finish();
    // A reader of packages takes a tar without its end: an .apk's first parts have none.
    if (reader instanceof TarReader && !reader.ended) {
      throw new TowerError("malformed", "Cannot read tar archive: it has no end");
    }
    return collector.entries();
  } catch (cause) {
    ports.signal.throwIfAborted();
    throw unreadable(name, cause);
  }
}

/** The bytes of a source in order, each piece an array of its own. @throws the signal's reason */
export async function* chunksOf(
  source: ByteSource,
  { signal }: Pick<XzPorts, "signal">,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < source.size;) {
    signal.throwIfAborted();
    const bytes = new Uint8Array(PIECE);
    const n = source.readAt(at, bytes);
    if (n === 0) return;
    at += n;
    yield bytes.subarray(0, n);
  }
}

/** An error of zlib is the archive's. */
function unreadable(name: string, cause: unknown): unknown {
  const isOwn = cause instanceof TowerError;
  if (!isOwn && !(cause as { code?: unknown }).code?.toString().startsWith("Z_")) return cause;
  if (isOwn && cause.code === "tool") return cause;
  const code = isOwn ? cause.code : "malformed";
  return new TowerError(code, `Cannot unpack archive "${name}"`, {
    cause,
    ...(isOwn && cause.hint !== undefined ? { hint: cause.hint } : {}),
  });
}
