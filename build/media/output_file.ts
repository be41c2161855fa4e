import { createHash } from "node:crypto";
import type { Digest } from "../../lib/brand.ts";
import { TowerError } from "../../lib/errors.ts";
import { digestFromHex, digestOf } from "../../lib/bytes/digest.ts";
import type { ByteSource } from "../../lib/bytes/bytes.ts";
import { BlockMap, BMAP_BLOCK, formatBmap, type HashedRange } from "../../lib/format/bmap.ts";
import { type ArtifactFile, createArtifact } from "../../lib/files/artifact_file.ts";
import { writeFileAtomic } from "../../lib/files/files.ts";
import { startPartDigests } from "../../lib/files/part_digests.ts";
import { join } from "@std/path";
import type { Engine } from "../engine/engine.ts";
import { passOver } from "./image_pass.ts";
import { PassingDigests } from "./passing_digests.ts";
import { bmapFile, type Compression } from "../../lib/release/file_names.ts";
import type { ArtifactSink, FileWriter, Medium, OutputFile } from "../outputs/output.ts";
import { PlacedContents } from "./placed_contents.ts";
import { LIBRARIES, openPacker } from "./packing.ts";
import type { ContentSink } from "../../lib/tree/content_sink.ts";
import type { Artifact, Companion } from "../../lib/release/record.ts";

/** What reading an image told. */
interface ImagePass {
  readonly digest: Digest;
  readonly ranges: readonly HashedRange[];
}

/** An image that can be read, not yet named. */
interface RawImage {
  readonly file: ArtifactFile;
  /** To be read once, in order. */
  readonly source: ByteSource;
  readonly blocks: BlockMap;
}

/** What a file became, and its block map where it is the image of a medium. */
export interface WrittenFile {
  readonly artifact: Omit<Artifact, "kind">;
  readonly bmap?: Companion;
}

/**
 * Writes a file of an output, compressed where it asks for that. Uncompressed, its bytes go to the disk
 * once and are then read for their digests. For a compressed one only what the store does not have goes
 * there before: large contents are taken from the store as all is read, hashed and compressed.
 */
export async function writeFile(
  output: OutputFile,
  write: FileWriter,
  { folder, engine }: { readonly folder: string; readonly engine: Engine },
): Promise<WrittenFile> {
  const { compression, name } = output;
  const path = join(folder, name);
  const written = compression === "none"
    ? await writePlain(output, write, path, engine)
    : await writePacked(output, write, path, compression, engine);
  const { artifact, pass, size } = written;
  if (pass === undefined) return { artifact };
  const bytes = new TextEncoder().encode(formatBmap(size, pass.ranges));
  const bmap = bmapFile(name);
  writeFileAtomic(join(folder, bmap), bytes);
  return {
    artifact,
    bmap: { kind: "bmap", file: bmap, of: name, digest: digestOf(bytes), size: bytes.length },
  };
}

/** What was written. */
interface Written {
  readonly artifact: WrittenFile["artifact"];
  /** Bytes of the file as it is before it is compressed. */
  readonly size: number;
  /** Of the image of a medium. */
  readonly pass: ImagePass | undefined;
}

async function writePlain(
  output: OutputFile,
  write: FileWriter,
  path: string,
  engine: Engine,
): Promise<Written> {
  using file = createArtifact(path);
  const { sink, image } = mappedSink(file);
  const medium = await write(sink) ?? undefined;
  const raw = image();
  const { size } = raw.source;
  let pass: ImagePass | undefined;
  if (medium) {
    const reading = read(raw, () => {}, { engine, isPacked: false });
    [pass] = await Promise.all([reading, file.flush()]);
  }
  const digest = pass?.digest ?? await file.digest(engine.breathe);
  await file.commit();
  return { artifact: { ...toldOf(output, medium), digest, size }, size, pass };
}

/** What a record says of a file beside its bytes. */
function toldOf({ name, mediaType, blocks }: OutputFile, medium?: Medium) {
  const told = {
    ...{ file: name, mediaType },
    ...(blocks ? { blocks: { format: blocks, tool: LIBRARIES[blocks] } } : {}),
  };
  if (medium === undefined) return told;
  const { loaders, partitions } = medium;
  return {
    ...{ ...told, ...medium },
    ...{ loaders: [...loaders], partitions: [...partitions] },
  };
}

/**
 * A sink that remembers how large the image is and which of its blocks matter.
 * @param placed Where contents may lie without being written.
 */
function mappedSink(
  file: ArtifactFile,
  placed?: PlacedContents,
): { sink: ArtifactSink; image: () => RawImage } {
  const blocks = new BlockMap();
  let size = 0;
  const place: ContentSink["place"] = (offset, part) => {
    blocks.add(offset, part.length);
    size = Math.max(size, offset + part.length);
    placed!.add(offset, part);
  };
  return {
    sink: {
      writeAt(offset, bytes) {
        blocks.add(offset, bytes.length);
        size = Math.max(size, offset + bytes.length);
        file.writeAt(offset, bytes);
      },
      setSize(bytes) {
        size = bytes;
        file.setSize(bytes);
      },
      readAt: placed ? (offset, into) => placed.source(size).readAt(offset, into) : file.readAt,
      requireZeros: (offset, length) => blocks.add(offset, length),
      ...(placed ? { place } : {}),
    },
    image: () => ({
      ...{ file, blocks },
      source: placed?.checkedSource(size) ?? { size, readAt: file.readAt },
    }),
  };
}

async function writePacked(
  output: OutputFile,
  write: FileWriter,
  path: string,
  format: Compression,
  engine: Engine,
): Promise<Written> {
  const { reporter, store, jobs, env: { signal, runner } } = engine;
  using file = createArtifact(`${path}.raw`);
  using packed = createArtifact(path);
  const hash = createHash("sha256");
  let size = 0;
  const writePart = (bytes: Uint8Array) => {
    packed.writeAt(size, bytes);
    hash.update(bytes);
    size += bytes.length;
  };
  await using packer = await openPacker(format, writePart, { runner, jobs });
  const { sink, image } = mappedSink(file, new PlacedContents(file, store));
  const medium = await write(sink) ?? undefined;
  const raw = image();
  const id = `compress ${output.name}`;
  const title = `Compressing to ${output.name}`;
  reporter.report({ type: "step", id, title, total: raw.source.size, unit: "bytes" });
  const pass = await unlessAborted(signal, async () => {
    const pass = await read(raw, async (bytes, at) => {
      await packer.push(bytes);
      reporter.report({ type: "progress", id, done: at + bytes.length, total: raw.source.size });
    }, { engine, isPacked: true });
    // The disk has something to do meanwhile.
    await Promise.all([packer.end(), packed.flush()]);
    return pass;
  });
  await packed.commit();
  reporter.report({ type: "done", id, note: `${size} bytes` });
  const artifact = {
    ...toldOf(output, medium),
    digest: digestFromHex(hash.digest("hex")),
    size,
    compression: { format, tool: packer.tool },
    raw: { digest: pass.digest, size: raw.source.size },
  };
  return { artifact, size: raw.source.size, pass: medium && pass };
}

/** A signal also ends the program that compresses: what then fails is told as the signal. */
async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** Passes over an image while its ranges are hashed beside it; a signal ends both. */
async function read(
  { file, source, blocks }: RawImage,
  push: (bytes: Uint8Array, at: number) => void | Promise<void>,
  { engine: { breathe }, isPacked }: { readonly engine: Engine; readonly isPacked: boolean },
): Promise<ImagePass> {
  const { size } = source;
  if (size === 0) throw new TowerError("malformed", `Cannot map "${file.path}": it is empty`);
  const ranges = blocks.ranges();
  const parts = ranges.map(({ first, last }) => {
    const offset = first * BMAP_BLOCK;
    return { offset, length: Math.min((last + 1) * BMAP_BLOCK, size) - offset };
  });
  // What is packed lies in no file that another thread could read, and leaves no processor idle.
  const passing = isPacked ? new PassingDigests(parts) : undefined;
  using beside = passing ? undefined : startPartDigests(file.temporary, parts);
  const digest = await passOver(source, ranges, async (bytes, at) => {
    passing?.update(bytes, at);
    await push(bytes, at);
    await breathe();
  });
  const sums = passing?.result ?? await beside!.result;
  return { digest, ranges: ranges.map((range, i) => ({ ...range, sha256: sums[i]! })) };
}
