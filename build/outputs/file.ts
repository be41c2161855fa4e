import { z } from "zod";
import { atField, TowerError } from "../../lib/errors.ts";
import { artifactName } from "../../lib/release/artifact_name.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { ofTree } from "../../lib/schema/of_tree.ts";
import { treePath } from "../../lib/schema/scalars.ts";
import { artifactFile } from "./artifact_file.ts";
import { inOrder } from "./in_order.ts";
import { outputKind, type OutputWriter } from "./output.ts";

const spec = z.strictObject({
  kind: z.literal("file"),
  ...forArches,
  ...ofTree,
  file: artifactFile,
  path: treePath.describe("The file in the tree."),
}).describe("A file of the tree as it is, such as a unified kernel image.");

type Plan = z.infer<typeof spec>;

/** A file of the tree, byte for byte. @throws {TowerError} `not-found` */
const write: OutputWriter<Plan> = (tree, { file: name, path }, { reader, sink, breathe }) => {
  const entry = tree.file(path);
  if (entry === undefined) {
    atField(["path"], () => {
      throw new TowerError("not-found", `Cannot make "${name}": "/${path}" is not in the tree`);
    });
  }
  const file = { name, mediaType: "application/octet-stream", compression: "none" } as const;
  return sink.file(
    file,
    (bytes) => inOrder(bytes, [entry!.content], { reader, breathe }),
  );
};

export const file = outputKind({
  spec,
  files: ({ file }) => [file],
  plan: (spec, planning): Plan => ({ ...spec, file: artifactName(spec.file, planning) }),
  line: ({ path }) => `/${path}`,
  write,
});
