import { z } from "zod";
import {
  FAT_TYPES,
  type FatType,
  MOST_BYTES,
  SECTOR,
} from "../../../../lib/format/fat/geometry.ts";
import { clusterSector, planFat } from "../../../../lib/format/fat/layout.ts";
import { writeFat } from "../../../../lib/format/fat/writer.ts";
import { MBR_TYPE } from "../../../../lib/format/mbr.ts";
import { sizeOf } from "../../../../lib/tree/entry.ts";
import type { FileTree } from "../../../../lib/tree/file_tree.ts";
import { contentKind } from "../content.ts";
import { fileSystemLine } from "../file_system_line.ts";
import { folderBesideTree, ofFolder } from "../folder.ts";
import { withLoaderFiles } from "../trees.ts";
import type { FillIn } from "../values.ts";

/** A label of FAT. */
export const fatLabel = z.string().regex(
  /^[A-Z0-9_-]{1,11}$/,
  "must be 1 to 11 of A-Z, 0-9, _ and -",
);

const spec = z.strictObject({
  kind: z.literal("fat"),
  label: fatLabel.optional().describe("By default the partition's name in capitals."),
  ...ofFolder,
}).refine(...folderBesideTree).describe(
  "A FAT file system, which firmware reads: without owners and links; without a folder it holds " +
    "nothing yet.",
);

interface Plan {
  readonly kind: "fat";
  readonly folder?: string;
  readonly label: string;
  /** 32 bits: what Linux shows as UUID `XXXX-XXXX`. */
  readonly volumeId: number;
  readonly minimumType: FatType;
}

function labelOf({ label }: z.infer<typeof spec>, name: string): string | undefined {
  const capitals = name.toUpperCase();
  return label ?? (fatLabel.safeParse(capitals).success ? capitals : undefined);
}

export const fat = contentKind({
  spec,
  room: "either",
  mostBytes: MOST_BYTES,
  startsLoaders: true,
  labelOf,
  values: { uuid: "planned" },
  line: fileSystemLine,
  known: ({ volumeId }: Plan) => ({ uuid: serialText(volumeId) }),
  plan: (spec, { name, isEsp, uuid }): Plan => ({
    kind: "fat",
    ...(spec.folder === undefined ? {} : { folder: spec.folder }),
    label: labelOf(spec, name)!,
    volumeId: parseInt(uuid("volume").slice(0, 8), 16),
    // Firmware may read FAT12 and FAT16 from removable media only (UEFI, §13.3).
    minimumType: isEsp ? "fat32" : "fat12",
  }),
  layOut(plan, { room: { free, size }, epoch, treeOf, boot, fillIn }) {
    const { label, volumeId, folder = "" } = plan;
    const own = treeOf(plan);
    const filled = (fill: FillIn) =>
      boot === undefined ? own : withLoaderFiles(own, boot.files(fill), folder, epoch);
    const laidOut = (tree: FileTree, hiddenSectors: number) =>
      planFat(tree, {
        ...{ label, volumeId, epoch, hiddenSectors },
        ...(size === undefined ? {} : { size }),
        freeBytes: Math.max(free ?? 0, boot?.freeBytes ?? 0),
        preferredCluster: boot?.sectorsPerCluster ?? 1,
        minimumType: wider(plan.minimumType, boot?.minimumType ?? "fat12"),
        systemFiles: boot?.systemFiles ?? new Set(),
      });
    const tree = filled(fillIn);
    const layout = laidOut(tree, 0);
    const { geometry, nextCluster } = layout;
    return {
      size: layout.size,
      bytes: contentBytes(tree),
      mbrType: MBR_TYPE[geometry.type],
      used: [[0, clusterSector(geometry, nextCluster) * SECTOR]],
      async write(sink, { reader, firstSector, fillIn, onProgress }) {
        // A field of 32 bits, for programs in a boot sector: these know no disk beyond 2 TiB.
        const hidden = firstSector > 0xffffffff ? 0 : firstSector;
        // Values have as many characters as what stood for them: every place is the same.
        const placed = laidOut(filled(fillIn), hidden);
        await writeFat(placed, reader, sink, onProgress);
        boot?.install(placed, sink);
      },
    };
  },
});

/** As blkid and /dev/disk/by-uuid tell it. */
function serialText(volumeId: number): string {
  const digits = volumeId.toString(16).toUpperCase().padStart(8, "0");
  return `${digits.slice(0, 4)}-${digits.slice(4)}`;
}

function wider(a: FatType, b: FatType): FatType {
  return FAT_TYPES[Math.max(FAT_TYPES.indexOf(a), FAT_TYPES.indexOf(b))]!;
}

function contentBytes(tree: FileTree): number {
  let sum = 0;
  for (const entry of tree.walk()) if (entry.type === "file") sum += sizeOf(entry.content);
  return sum;
}
