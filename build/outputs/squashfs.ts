import { z } from "zod";
import type { BlockPacking } from "../../lib/format/block_encoder.ts";
import type { GzipLevel } from "../../lib/format/gzip.ts";
import { contentBytes, writeSquashfs } from "../../lib/format/squashfs/writer.ts";
import { artifactName } from "../../lib/release/artifact_name.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { ofFolder } from "../../lib/schema/of_tree.ts";
import { byteSize } from "../../lib/schema/scalars.ts";
import { artifactFile } from "./artifact_file.ts";
import { type OutputFile, outputKind, type OutputWriter } from "./output.ts";

/** Levels by measurement: docs/decisions/0029-squashfs.md. */
const LEVELS = { gzip: 6, zstd: 9 } as const;
const MOST_LEVEL = { none: 0, gzip: 9, zstd: 19 } as const;

const spec = z.strictObject({
  kind: z.literal("squashfs"),
  ...forArches,
  ...ofFolder,
  file: artifactFile,
  compression: z.enum(["zstd", "gzip", "none"]).default("zstd").describe(
    "How its blocks are compressed: kernels before 4.14 cannot read zstd.",
  ),
  level: z.int().min(1).max(19).optional().describe(
    "1 to 19 for zstd, 9 by default; 1 to 9 for gzip, 6 by default.",
  ),
  blockSize: byteSize.refine(
    (bytes) => bytes >= 4 << 10 && bytes <= 1 << 20 && Number.isInteger(Math.log2(bytes)),
    "must be a power of two from 4KiB to 1MiB",
  ).default(128 << 10).describe(
    "Bytes that are compressed together, 128KiB by default. More makes it smaller, and each read larger.",
  ),
}).refine(({ compression, level }) => level === undefined || level <= MOST_LEVEL[compression], {
  path: ["level"],
  message: "is more than the compression has",
}).describe("The tree as squashfs 4.0, a read-only compressed file system.");

interface Plan {
  readonly kind: "squashfs";
  readonly file: string;
  readonly packing: BlockPacking;
  readonly blockSize: number;
}

function packingOf({ compression, level }: z.infer<typeof spec>): BlockPacking {
  if (compression === "none") return { compression };
  if (compression === "gzip") {
    return { compression, level: (level ?? LEVELS.gzip) as GzipLevel };
  }
  return { compression, level: level ?? LEVELS.zstd };
}

/** The tree as a file system: its blocks are compressed, the file is not. */
const write: OutputWriter<Plan> = (tree, { file: name, packing, blockSize }, context) => {
  const { reader, epoch, sink, reporter } = context;
  const { compression } = packing;
  const file: OutputFile = {
    name,
    mediaType: "application/vnd.squashfs",
    compression: "none",
    ...(compression === "none" ? {} : { blocks: compression }),
  };
  return sink.file(file, async (image) => {
    using compressor = context.blockCompressor(packing);
    const total = contentBytes(tree);
    const id = `squashfs ${name}`;
    reporter.report({ type: "step", id, title: "Compressing files", total, unit: "bytes" });
    const onBytes = (done: number) => reporter.report({ type: "progress", id, done, total });
    const options = { compression, compressor, blockSize, epoch, onBytes };
    await writeSquashfs(tree, reader, image, options);
    reporter.report({ type: "done", id });
  });
};

export const squashfs = outputKind({
  spec,
  files: ({ file }) => [file],
  plan: (spec, planning): Plan => ({
    kind: spec.kind,
    file: artifactName(spec.file, planning),
    packing: packingOf(spec),
    blockSize: spec.blockSize,
  }),
  line: ({ packing: { compression } }) =>
    compression === "none" ? "squashfs" : `squashfs, ${compression}`,
  write,
});
