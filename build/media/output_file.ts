import type { Digest } from "../../lib/brand.ts";
import { TowerError } from "../../lib/errors.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { BlockMap, BMAP_BLOCK, formatBmap, type HashedRange } from "../../lib/format/bmap.ts";
import { type ArtifactFile, createArtifact } from "../../lib/files/artifact_file.ts";
import { writeFileAtomic } from "../../lib/files/files.ts";
import { startPartDigests } from "../../lib/files/part_digests.ts";
import { join } from "@std/path";
import type { Engine } from "../engine/engine.ts";
import { passOver } from "./image_pass.ts";
import { bmapFile, type Compression } from "../../lib/release/file_names.ts";
import type { ArtifactSink, FileWriter, Medium, OutputFile } from "../outputs/output.ts";
import { LIBRARIES, openPacker } from "./packing.ts";
import type { Artifact, Companion } from "../../lib/release/record.ts";

/** What reading an image told. */
interface ImagePass {
  readonly digest: Digest;
  readonly ranges: readonly HashedRange[];
}

/** An image that is written, not yet named. */
interface RawImage {
  readonly file: ArtifactFile;
  readonly size: number;
  readonly blocks: BlockMap;
}

/** What a file became, and its block map where it is the image of a medium. */
export interface WrittenFile {
  readonly artifact: Omit<Artifact, "kind">;
  readonly bmap?: Companion;
}

/**
 * Writes a file of an output, compressed where it asks for that. Its bytes go to the disk once,
 * uncompressed, and are then read once: for digests and for compressing.
 */
export async function writeFile(
  output: OutputFile,
  write: FileWriter,
  { folder, engine }: { readonly folder: string; readonly engine: Engine },
): Promise<WrittenFile> {
  const { compression, name } = output;
  const path = join(folder, name);
  using file = createArtifact(compression === "none" ? path : `${path}.raw`);
  const { sink, image } = mappedSink(file);
  const medium = await write(sink) ?? undefined;
  const raw = image();
  let artifact: WrittenFile["artifact"];
  let pass: ImagePass | undefined;
  if (compression !== "none") {
    ({ artifact, pass } = await compress(raw, path, output, compression, engine, medium));
  } else if (medium) {
    [pass] = await Promise.all([read(raw, () => {}, engine), file.flush()]);
    artifact = { ...toldOf(output, medium), digest: pass.digest, size: raw.size };
    await file.commit();
  } else {
    artifact = { ...toldOf(output), digest: await file.digest(engine.breathe), size: raw.size };
    await file.commit();
  }
  if (!medium || !pass) return { artifact };
  const bytes = new TextEncoder().encode(formatBmap(raw.size, pass.ranges));
  const bmap = bmapFile(name);
  writeFileAtomic(join(folder, bmap), bytes);
  return {
    artifact,
    bmap: { kind: "bmap", file: bmap, of: name, digest: digestOf(bytes), size: bytes.length },
  };
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

/** A sink that remembers how large the image is and which of its blocks matter. */
function mappedSink(file: ArtifactFile): { sink: ArtifactSink; image: () => RawImage } {
  const blocks = new BlockMap();
  let size = 0;
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
      requireZeros: (offset, length) => blocks.add(offset, length),
    },
    image: () => ({ file, size, blocks }),
  };
}

async function compress(
  raw: RawImage,
  path: string,
  output: OutputFile,
  format: Compression,
  engine: Engine,
  medium: Medium | undefined,
): Promise<{ artifact: WrittenFile["artifact"]; pass: ImagePass }> {
  const { reporter, env } = engine;
  const id = `compress ${output.name}`;
  const title = `Compressing to ${output.name}`;
  reporter.report({ type: "step", id, title, total: raw.size, unit: "bytes" });
  using packed = createArtifact(path);
  let size = 0;
  const write = (bytes: Uint8Array) => {
    packed.writeAt(size, bytes);
    size += bytes.length;
  };
  await using packer = await openPacker(format, write, { runner: env.runner, jobs: engine.jobs });
  const pass = await unlessAborted(env.signal, async () => {
    const pass = await read(raw, async (bytes, at) => {
      await packer.push(bytes);
      reporter.report({ type: "progress", id, done: at + bytes.length, total: raw.size });
    }, engine);
    await packer.end();
    return pass;
  });
  const digest = await packed.digest(engine.breathe);
  await packed.commit();
  reporter.report({ type: "done", id, note: `${size} bytes` });
  const { tool } = packer;
  const artifact = {
    ...toldOf(output, medium),
    digest,
    size,
    compression: { format, tool },
    raw: { digest: pass.digest, size: raw.size },
  };
  return { artifact, pass };
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
  { file, size, blocks }: RawImage,
  push: (bytes: Uint8Array, at: number) => void | Promise<void>,
  { breathe }: Engine,
): Promise<ImagePass> {
  if (size === 0) throw new TowerError("malformed", `Cannot map "${file.path}": it is empty`);
  const ranges = blocks.ranges();
  const parts = ranges.map(({ first, last }) => {
    const offset = first * BMAP_BLOCK;
    return { offset, length: Math.min((last + 1) * BMAP_BLOCK, size) - offset };
  });
  using digests = startPartDigests(file.temporary, parts);
  const source = { size, readAt: file.readAt };
  const digest = await passOver(source, ranges, async (bytes, at) => {
    await push(bytes, at);
    await breathe();
  });
  const sums = await digests.result;
  return { digest, ranges: ranges.map((range, i) => ({ ...range, sha256: sums[i]! })) };
}
