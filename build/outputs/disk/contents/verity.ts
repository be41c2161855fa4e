import { z } from "zod";
import { TowerError } from "../../../../lib/errors.ts";
import { MBR_TYPE } from "../../../../lib/format/mbr.ts";
import type { Uuid } from "../../../../lib/format/uuid.ts";
import { digestsOf } from "../../../../lib/format/verity/digests.ts";
import {
  dataBlocksOf,
  VERITY_BLOCK,
  verityGeometry,
} from "../../../../lib/format/verity/geometry.ts";
import { VerityTree } from "../../../../lib/format/verity/tree.ts";
import { line } from "../../../../lib/schema/scalars.ts";
import { contentKind } from "../content.ts";

const spec = z.strictObject({
  kind: z.literal("verity"),
  of: line.min(1).describe("Name of the partition whose bytes it is of, all of them."),
}).describe(
  "A dm-verity superblock and hash tree (SHA-256, no salt) of another partition; its root hash is " +
    "{roothash:NAME}.",
);

interface Plan {
  readonly kind: "verity";
  readonly of: string;
  readonly uuid: Uuid;
}

/** What is public anyway needs none. */
const NO_SALT = new Uint8Array();
/** Characters of a SHA-256. */
const HASH = 64;

export const verity = contentKind({
  spec,
  room: "any",
  values: { roothash: HASH, uuid: "planned" },
  known: ({ uuid }: Plan) => ({ uuid }),
  plan: (spec, { uuid }): Plan => ({ ...spec, uuid: uuid("hash device") }),
  line: ({ of }) => `verity of ${of}`,
  layOut(plan, { room, sizeOf }) {
    const dataBlocks = dataBlocksOf(sizeOf(plan));
    const least = verityGeometry(dataBlocks).blocks * VERITY_BLOCK;
    const size = room.size ?? least + Math.ceil((room.free ?? 0) / VERITY_BLOCK) * VERITY_BLOCK;
    if (size < least) {
      throw new TowerError("no-space", `Cannot put a hash tree of ${least} bytes into ${size}`, {
        hint: `A size of ${least / 1024}KiB is enough`,
      });
    }
    return {
      size,
      bytes: dataBlocks * VERITY_BLOCK,
      mbrType: MBR_TYPE.linux,
      used: [[0, size]],
      async write(sink, { dataOf, onProgress }) {
        const data = dataOf(plan);
        const tree = new VerityTree(data.size, { uuid: plan.uuid, salt: NO_SALT }, sink);
        for (const run of tree.runs()) {
          tree.add(digestsOf(data, run, NO_SALT));
          await onProgress((run.first + run.count) * VERITY_BLOCK);
        }
        return { roothash: tree.end() };
      },
    };
  },
});
