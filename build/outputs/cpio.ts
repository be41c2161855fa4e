import { cpioPieces } from "../../lib/format/cpio.ts";
import { z } from "zod";
import { artifactName } from "../../lib/release/artifact_name.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { ofFolder } from "../../lib/schema/of_tree.ts";
import { artifactFile } from "./artifact_file.ts";
import { inOrder } from "./in_order.ts";
import { outputKind, type OutputWriter } from "./output.ts";

const spec = z.strictObject({
  kind: z.literal("cpio"),
  ...forArches,
  ...ofFolder,
  file: artifactFile,
  compression: z.enum(["gzip", "none"]).default("gzip"),
}).describe("The tree as a cpio (newc) archive that a kernel can start from.");

type Plan = z.infer<typeof spec>;

/** The tree as the cpio archive (newc) that a kernel unpacks into its first root. */
const write: OutputWriter<Plan> = (tree, { file: name, compression }, { reader, sink, breathe }) =>
  sink.file(
    { name, mediaType: "application/x-cpio", compression },
    (file) => inOrder(file, cpioPieces(tree, reader), { reader, breathe }),
  );

export const cpio = outputKind({
  spec,
  files: ({ file }) => [file],
  plan: (spec, planning): Plan => ({ ...spec, file: artifactName(spec.file, planning) }),
  line: ({ kind }) => kind,
  write,
});
