import { z } from "zod";
import type { ByteSink } from "../../../../lib/bytes/bytes.ts";
import { TowerError } from "../../../../lib/errors.ts";
import type { BlockPacking } from "../../../../lib/format/block_encoder.ts";
import { checkTree } from "../../../../lib/format/squashfs/limits.ts";
import { contentBytes, writeSquashfs } from "../../../../lib/format/squashfs/writer.ts";
import { MBR_TYPE } from "../../../../lib/format/mbr.ts";
import { hasLevel, NO_LEVEL, packingFields, packingOf } from "../../squashfs_packing.ts";
import { contentKind } from "../content.ts";
import { ofNeededFolder } from "../folder.ts";

const spec = z.strictObject({
  kind: z.literal("squashfs"),
  ...ofNeededFolder,
  ...packingFields,
}).refine(hasLevel, NO_LEVEL).describe(
  "A squashfs, a read-only compressed file system, then zeros up to the partition's end.",
);

interface Plan {
  readonly kind: "squashfs";
  readonly folder: string;
  readonly packing: BlockPacking;
  readonly blockSize: number;
}

export const squashfs = contentKind({
  spec,
  // Its size is known only once it is compressed, and all places are decided before.
  room: "size",
  fitsLate: true,
  plan: ({ kind, folder, blockSize, ...fields }): Plan => ({
    ...{ kind, folder, packing: packingOf(fields), blockSize },
  }),
  line: ({ folder, packing: { compression } }) =>
    `squashfs of /${folder}${compression === "none" ? "" : `, ${compression}`}`,
  rootWords: (_, partition) => `root=PARTUUID={partuuid:${partition}} rootfstype=squashfs`,
  layOut(plan, { room, epoch, treeOf }) {
    const { blockSize, packing } = plan;
    const tree = treeOf(plan);
    checkTree(tree);
    const size = room.size!;
    return {
      size,
      bytes: contentBytes(tree),
      mbrType: MBR_TYPE.linux,
      used: [[0, size]],
      async write(sink, { reader, blockCompressor, tell, onProgress }) {
        using compressor = blockCompressor(packing);
        const { compression } = packing;
        const options = { compression, compressor, blockSize, epoch, onBytes: tell };
        requireRoom(await writeSquashfs(tree, reader, within(sink, size), options), size);
        await onProgress(contentBytes(tree));
      },
    };
  },
});

/** A sink that lets nothing through behind a size, so that it can be told how much there is. */
function within(sink: ByteSink, size: number): ByteSink {
  return {
    writeAt(offset, bytes) {
      if (offset + bytes.length <= size) sink.writeAt(offset, bytes);
    },
  };
}

function requireRoom(bytes: number, size: number): void {
  if (bytes <= size) return;
  throw new TowerError("no-space", `Cannot put a squashfs of ${bytes} bytes into ${size}`, {
    hint: `A size of ${Math.ceil(bytes / 1024)}KiB is enough`,
    at: ["size"],
  });
}
