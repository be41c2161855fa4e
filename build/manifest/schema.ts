import { z } from "zod";
import { ARCHES } from "../../lib/brand.ts";
import { treeName } from "../../lib/schema/of_tree.ts";
import { ROOT_TREE } from "../../lib/tree/root_tree.ts";
import { line, sourceName } from "../../lib/schema/scalars.ts";
import { outputSpec } from "../kinds/outputs.ts";
import { sourceSpec } from "../kinds/sources.ts";
import { beginningSpec, stageSpec } from "../kinds/stages.ts";

/** Of what a system is, as file names tell it: a dash would end it there. */
const version = z.string().regex(
  /^[0-9A-Za-z][0-9A-Za-z._+]{0,31}$/,
  "must be 1 to 32 letters, digits, dots, plus and underscore, such as 1.4",
);

/** What a tree begins with, before its stages: nothing, or one of these. */
const beginning = {
  from: z.union([treeName, beginningSpec]).optional().describe(
    "What it begins from, else it is empty: a tree by name, or the archive that a source is, which " +
      "takes what a stage unpack takes.",
  ),
  difference: z.strictObject({ from: treeName, to: treeName }).optional().describe(
    "Two trees: it begins with what has to be laid over the one to get the other.",
  ),
};

const treeSpec = z.strictObject({
  ...beginning,
  stages: z.array(stageSpec).default([]).describe("What happens to it, in this order."),
}).refine(({ from, difference }) => from === undefined || difference === undefined, {
  path: ["difference"],
  message: 'cannot stand beside "from": a tree begins from one thing',
});

/**
 * All that a manifest may say. Types, decoding, JSON Schema and the reference page come from it and
 * from the kinds of sources, stages and outputs.
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
      "appended, to the tree of the same name, sources added by name; every other field replaces " +
      "the base's.",
  ),
  arches: z.array(z.enum(ARCHES)).min(1).optional().describe(
    "Architectures it can be built for; needed here or in what it extends.",
  ),
  repositories: z.array(line.min(1)).min(1).optional().describe(
    'Package repositories, first wins a tie: a URL, "@tag URL", or "lab" for the one that ' +
      "`deno task lab` makes. Those of --repository take their place.",
  ),
  sources: z.record(sourceName, sourceSpec).default({}).describe(
    "What comes from elsewhere beside packages, by names of your own; a stage takes each.",
  ),
  stages: z.array(stageSpec).default([]).describe(
    "What happens to the tree root, in this order: short for trees.root.stages.",
  ),
  trees: z.record(treeName, treeSpec).default({}).describe(
    "Trees by name, where one is not enough: each is what its stages make of what it begins with. " +
      "Outputs say of which they are made.",
  ),
  outputs: z.array(outputSpec).min(1).optional().describe("What is made of the trees."),
}).superRefine(({ arches, stages, trees, outputs }, context) => {
  const lists = [
    [["stages"], stages],
    [["outputs"], outputs ?? []],
    ...Object.entries(trees).map(([name, tree]) =>
      [["trees", name, "stages"], tree.stages] as const
    ),
  ] as const;
  for (const [path, list] of lists) {
    for (const [i, item] of list.entries()) {
      for (const [j, arch] of (item.arches ?? []).entries()) {
        if (arches === undefined || arches.includes(arch)) continue;
        const message = `"${arch}" is none of the manifest's arches`;
        context.addIssue({ code: "custom", path: [...path, i, "arches", j], message });
      }
    }
  }
  if (stages.length > 0 && Object.hasOwn(trees, ROOT_TREE)) {
    const message = `"stages" means this tree already: say all of it in one of the two`;
    context.addIssue({ code: "custom", path: ["trees", ROOT_TREE], message });
  }
});

export type ManifestDocument = z.infer<typeof manifestDocument>;
export type TreeSpec = z.infer<typeof treeSpec>;
/** What a tree begins with; nothing where neither stands. */
export type Beginning = Pick<TreeSpec, keyof typeof beginning>;
/** The same as far as it is of other trees. */
export interface TreeBeginning extends Omit<Beginning, "from"> {
  readonly from?: string | undefined;
}
