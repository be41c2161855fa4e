import { z } from "zod";
import { MBR_TYPE } from "../../../../lib/format/mbr.ts";
import { contentKind } from "../content.ts";

const spec = z.strictObject({ kind: z.literal("empty") }).describe(
  "Zeros, as many as the partition's size says; they are written to a medium as well.",
);

export const empty = contentKind({
  spec,
  room: "size",
  plan: (spec) => spec,
  line: () => "empty",
  layOut: (_, { room }) => {
    const size = room.size!;
    return { size, bytes: 0, mbrType: MBR_TYPE.linux, used: [[0, size]], write() {} };
  },
});
