import { z } from "zod";
import { BLOCK_SIZE, MAX_BLOCKS } from "../../../../lib/format/ext4/geometry.ts";
import { type Ext4Layout, planExt4 } from "../../../../lib/format/ext4/plan.ts";
import { writeExt4 } from "../../../../lib/format/ext4/writer.ts";
import { MBR_TYPE } from "../../../../lib/format/mbr.ts";
import type { Uuid } from "../../../../lib/format/uuid.ts";
import { contentKind } from "../content.ts";
import { fileSystemLine } from "../file_system_line.ts";
import { folderBesideTree, ofFolder } from "../folder.ts";

/** A label of ext4. */
export const ext4Label = z.string().regex(
  /^[A-Za-z0-9_-]{1,16}$/,
  "must be 1 to 16 letters, digits, _ and -",
);

const spec = z.strictObject({
  kind: z.literal("ext4"),
  label: ext4Label.optional().describe("By default the partition's name."),
  ...ofFolder,
}).refine(...folderBesideTree).describe(
  "An ext4 file system; without a folder it holds nothing yet.",
);

interface Plan {
  readonly kind: "ext4";
  readonly folder?: string;
  readonly label: string;
  readonly uuid: Uuid;
  readonly hashSeed: Uuid;
}

function labelOf({ label }: z.infer<typeof spec>, name: string): string | undefined {
  return label ?? (ext4Label.safeParse(name).success ? name : undefined);
}

export const ext4 = contentKind({
  spec,
  room: "either",
  mostBytes: MAX_BLOCKS * BLOCK_SIZE,
  labelOf,
  values: { uuid: "planned" },
  line: fileSystemLine,
  known: ({ uuid }: Plan) => ({ uuid }),
  plan: (spec, { name, uuid }): Plan => ({
    kind: "ext4",
    ...(spec.folder === undefined ? {} : { folder: spec.folder }),
    label: labelOf(spec, name)!,
    uuid: uuid("file system"),
    hashSeed: uuid("hash seed"),
  }),
  rootWords: ({ uuid }) => `root=UUID=${uuid} rootfstype=ext4`,
  layOut(plan, { room: { free, size }, epoch, treeOf }) {
    const { label, uuid, hashSeed } = plan;
    const layout = planExt4(treeOf(plan), {
      ...{ label, uuid, hashSeed, epoch, freeBytes: free ?? 0 },
      ...(size === undefined ? {} : { size }),
    });
    return {
      size: layout.size,
      bytes: layout.inventory.contentBytes,
      mbrType: MBR_TYPE.linux,
      used: usedParts(layout),
      write: (sink, { reader, onProgress }) => writeExt4(layout, reader, sink, onProgress),
    };
  },
});

function* usedParts({ endBlock, geometry }: Ext4Layout): Generator<[number, number]> {
  yield [0, endBlock * BLOCK_SIZE];
  for (const { start, count } of geometry.fixed) yield [start * BLOCK_SIZE, count * BLOCK_SIZE];
}
