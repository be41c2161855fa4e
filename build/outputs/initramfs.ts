import { writeCpio } from "../../lib/format/cpio.ts";
import { z } from "zod";
import { artifactName } from "../../lib/release/artifact_name.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { artifactFile } from "./artifact_file.ts";
import { streamInto } from "./compressed.ts";
import { outputKind, type OutputWriter } from "./output.ts";

const spec = z.strictObject({
  kind: z.literal("initramfs"),
  ...forArches,
  file: artifactFile,
  compression: z.enum(["gzip", "none"]).default("gzip"),
}).describe("The whole tree as a cpio (newc) archive that a kernel can start from.");

type Plan = z.infer<typeof spec>;

/** The whole tree as the cpio archive (newc) that a kernel unpacks into its first root. */
const write: OutputWriter<Plan> = (tree, plan, { reader, sink }) => {
  const stream = streamInto(sink, plan.compression);
  writeCpio(tree, reader, stream.push);
  stream.end();
};

export const initramfs = outputKind({
  spec,
  files: ({ file }) => [file],
  plan: (spec, planning): Plan => ({ ...spec, file: artifactName(spec.file, planning) }),
  line: ({ kind }) => kind,
  write,
});
