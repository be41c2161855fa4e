import { z } from "zod";
import { ARCHES } from "../../lib/brand.ts";
import { line } from "../../lib/schema/scalars.ts";
import { outputSpec } from "../kinds/outputs.ts";
import { stageSpec } from "../kinds/stages.ts";

/** Of what a system is, as file names tell it: a dash would end it there. */
const version = z.string().regex(
  /^[0-9A-Za-z][0-9A-Za-z._+]{0,31}$/,
  "must be 1 to 32 letters, digits, dots, plus and underscore, such as 1.4",
);
/**
 * All that a manifest may say. Types, decoding, JSON Schema and the reference page come from it and
 * from the kinds of stages and outputs.
 */
export const manifestDocument = z.strictObject({
  name: z.string().regex(
    /^[a-z][a-z0-9-]{0,62}$/,
    "must be a-z, 0-9 and -, and start with a letter",
  ),
  description: line.optional(),
  version: version.optional().describe("What {version} stands for in names of outputs."),
  extends: line.min(1).optional().describe(
    "A system by name, or a manifest file beside this one, that this one adds to: stages are " +
      "appended, every other field replaces the base's.",
  ),
  arches: z.array(z.enum(ARCHES)).min(1).optional().describe("Architectures it can be built for."),
  repositories: z.array(line.min(1)).min(1).optional().describe(
    'Package repositories, first wins a tie: a URL, "@tag URL", or "lab" for the one that ' +
      "`deno task lab` makes. Those of --repository take their place.",
  ),
  stages: z.array(stageSpec).default([]).describe("What happens to the tree, in this order."),
  outputs: z.array(outputSpec).min(1).optional().describe("What is made of the tree."),
}).superRefine(({ arches, stages, outputs }, context) => {
  for (const [field, list] of Object.entries({ stages, outputs })) {
    for (const [i, item] of (list ?? []).entries()) {
      for (const [j, arch] of (item.arches ?? []).entries()) {
        if (arches === undefined || arches.includes(arch)) continue;
        const message = `"${arch}" is none of the manifest's arches`;
        context.addIssue({ code: "custom", path: [field, i, "arches", j], message });
      }
    }
  }
});

export type ManifestDocument = z.infer<typeof manifestDocument>;
