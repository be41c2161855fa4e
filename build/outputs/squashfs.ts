import { z } from "zod";
import type { BlockPacking } from "../../lib/format/block_encoder.ts";
import { contentBytes, writeSquashfs } from "../../lib/format/squashfs/writer.ts";
import { artifactName } from "../../lib/release/artifact_name.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { ofFolder } from "../../lib/schema/of_tree.ts";
import { artifactFile } from "./artifact_file.ts";
import { type OutputFile, outputKind, type OutputWriter } from "./output.ts";
import { hasLevel, NO_LEVEL, packingFields, packingOf } from "./squashfs_packing.ts";

const spec = z.strictObject({
  kind: z.literal("squashfs"),
  ...forArches,
  ...ofFolder,
  file: artifactFile,
  ...packingFields,
}).refine(hasLevel, NO_LEVEL).describe(
  "The tree as squashfs 4.0, a read-only compressed file system.",
);

interface Plan {
  readonly kind: "squashfs";
  readonly file: string;
  readonly packing: BlockPacking;
  readonly blockSize: number;
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
