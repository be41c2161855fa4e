import { z } from "zod";
import { atField, TowerError } from "../../../../lib/errors.ts";
import { MBR_TYPE } from "../../../../lib/format/mbr.ts";
import { treePath } from "../../../../lib/schema/scalars.ts";
import { piecesOf } from "../../../../lib/tree/content.ts";
import { type Content, sizeOf } from "../../../../lib/tree/entry.ts";
import { contentTree } from "../folder.ts";
import { contentKind, type LayOutContext, type Room } from "../content.ts";

const BLOCK = 4096;
const CHUNK = 1 << 20;
/** Characters of bytes in a manifest: what is longer is a file. */
const MOST_CHARACTERS = 65536;

const spec = z.strictObject({
  kind: z.literal("raw"),
  tree: contentTree,
  file: treePath.optional().describe("A file of the tree."),
  base64: z.base64("must be base64").max(MOST_CHARACTERS, "must have at most 65536 characters")
    .optional()
    .describe("The bytes themselves, in base64."),
}).refine(({ file, base64 }) => (file === undefined) !== (base64 === undefined), {
  message: 'needs one of "file" and "base64"',
}).refine(({ tree, file }) => tree === undefined || file !== undefined, {
  path: ["file"],
  message: 'is needed beside "tree"',
}).describe("Bytes as they are, then zeros up to the partition's end.");

type Plan = z.infer<typeof spec>;

export const raw = contentKind({
  spec,
  room: "any",
  plan: (spec): Plan => spec,
  line: ({ file, base64 }) => file === undefined ? `raw ${base64}` : `raw /${file}`,
  layOut(plan, { room, fileAt }) {
    const content = contentOf(plan, fileAt);
    const size = sizeFor(sizeOf(content), room);
    return {
      size,
      bytes: sizeOf(content),
      mbrType: MBR_TYPE.linux,
      used: [[0, size]],
      async write(sink, { reader, onProgress }) {
        let done = 0;
        for (const piece of piecesOf(reader, content, new Uint8Array(CHUNK))) {
          sink.writeAt(done, piece);
          await onProgress(done += piece.length);
        }
      },
    };
  },
});

function contentOf({ file, base64 }: Plan, fileAt: LayOutContext["fileAt"]): Content {
  return file === undefined
    ? { kind: "inline", bytes: Uint8Array.fromBase64(base64!) }
    : atField(["file"], () => fileAt(file));
}

/** Whole blocks, at least one: a partition has no fewer. */
function sizeFor(bytes: number, { size, free = 0 }: Room): number {
  const least = Math.max(1, Math.ceil((bytes + free) / BLOCK)) * BLOCK;
  if (size === undefined) return least;
  if (size >= bytes) return size;
  throw new TowerError("no-space", `Cannot put ${bytes} bytes into ${size}`, {
    hint: `A size of ${least / 1024}KiB is enough`,
  });
}
