import { tarParts } from "../../lib/format/tar.ts";
import { z } from "zod";
import { artifactName } from "../../lib/release/artifact_name.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { ofFolder } from "../../lib/schema/of_tree.ts";
import { artifactFile } from "./artifact_file.ts";
import { inOrder } from "./in_order.ts";
import { outputKind, type OutputWriter } from "./output.ts";

const spec = z.strictObject({
  kind: z.literal("tar"),
  ...forArches,
  ...ofFolder,
  file: artifactFile,
  compression: z.enum(["none", "gzip", "zstd", "xz"]).default("none"),
}).describe("The tree as a PAX tar archive.");

type Plan = z.infer<typeof spec>;

/** The tree as a PAX archive, extended attributes included. */
const write: OutputWriter<Plan> = (tree, { file: name, compression }, { reader, sink, breathe }) =>
  sink.file(
    { name, mediaType: "application/x-tar", compression },
    (file) => inOrder(file, tarParts(tree), { reader, breathe }),
  );

export const tar = outputKind({
  spec,
  files: ({ file }) => [file],
  plan: (spec, planning): Plan => ({ ...spec, file: artifactName(spec.file, planning) }),
  line: ({ kind }) => kind,
  write,
});
