import { z } from "zod";
import { planFat } from "../../lib/format/fat/layout.ts";
import { writeFat } from "../../lib/format/fat/writer.ts";
import { artifactName } from "../../lib/release/artifact_name.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { ofFolder } from "../../lib/schema/of_tree.ts";
import { byteSize } from "../../lib/schema/scalars.ts";
import { artifactFile } from "./artifact_file.ts";
import { fatLabel } from "./disk/contents/fat.ts";
import { outputKind, type OutputWriter } from "./output.ts";

const spec = z.strictObject({
  kind: z.literal("fat"),
  ...forArches,
  ...ofFolder,
  file: artifactFile,
  label: fatLabel.default("BOOT"),
  free: byteSize.default(0).describe("Free space left beyond the content."),
}).describe(
  "The tree as a FAT file system, such as what the firmware of a Raspberry Pi starts a slot from: without " +
    "owners and links.",
);

interface Plan {
  readonly kind: "fat";
  readonly file: string;
  readonly label: string;
  readonly free: number;
  /** 32 bits: what Linux shows as UUID `XXXX-XXXX`. */
  readonly volumeId: number;
}

/** The tree as a volume that knows no partition that it will be in. */
const write: OutputWriter<Plan> = (tree, { file: name, label, free, volumeId }, context) => {
  const { reader, epoch, sink, breathe } = context;
  const layout = planFat(tree, {
    ...{ label, volumeId, epoch, freeBytes: free, hiddenSectors: 0, systemFiles: new Set() },
    // What firmware and tools read everywhere.
    minimumType: "fat16",
  });
  const file = { name, mediaType: "application/octet-stream", compression: "none" } as const;
  return sink.file(file, async (image) => {
    image.setSize(layout.size);
    await writeFat(layout, reader, image, breathe);
  });
};

export const fat = outputKind({
  spec,
  files: ({ file }) => [file],
  plan: ({ kind, file, label, free }, planning): Plan => ({
    ...{ kind, file: artifactName(file, planning), label, free },
    volumeId: parseInt(planning.uuid("volume").slice(0, 8), 16),
  }),
  line: () => "FAT",
  write,
});
