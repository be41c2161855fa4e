import { z } from "zod";
import type { Digest } from "../../lib/brand.ts";
import { atField, TowerError, withField } from "../../lib/errors.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { fileMode, numericId, treePath } from "../../lib/schema/scalars.ts";
import type { Content } from "../../lib/tree/entry.ts";
import { childOf, type FileTree } from "../../lib/tree/file_tree.ts";
import { freePlaceOf } from "../../lib/tree/place.ts";
import type { OutputSink } from "../outputs/output.ts";
import { type Stage, stageKind } from "../stages/stage.ts";
import { outputLines, type OutputPlan, outputSpec, planOutput, writeOutput } from "./outputs.ts";

const spec = z.strictObject({
  kind: z.literal("embed"),
  ...forArches,
  output: outputSpec.describe("Any output, of another tree than this one."),
  into: treePath.optional().describe(
    "Folder that its files go to, under their names; else /. No file may be there before.",
  ),
  mode: fileMode.default(0o644).describe("Octal in quotes, of its files."),
  uid: numericId.default(0),
  gid: numericId.default(0),
}).refine(({ output }) => output.arches === undefined, {
  path: ["output", "arches"],
  message: "must stand at the stage, not at its output",
}).describe("Makes an output of another tree and puts it into this one.");

interface EmbedPlan {
  readonly kind: "embed";
  readonly output: OutputPlan;
  /** Id of the tree that the output is made of. */
  readonly of: Digest;
  readonly into?: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Where a file goes: links among its folders are followed as in a chroot.
 * @throws {TowerError} `conflict` where a file is already, of whichever stage: the last of two would win unseen
 */
function placeFor(tree: FileTree, { into = "" }: EmbedPlan, name: string): string {
  const path = freePlaceOf(tree, { type: "file", path: childOf(into, name) });
  const there = tree.get(path);
  if (there === undefined) return path;
  throw new TowerError(
    "conflict",
    `Cannot embed "/${path}": ${there.origin} has put a ${there.type} there`,
    {
      hint:
        "give the output another file, or let a files stage before this one remove what is there",
    },
  );
}

/** Writes an output into the content store, and its files into the tree. */
const apply: Stage<EmbedPlan> = async (tree, plan, context) => {
  const { reader, epoch, reporter, blockCompressor, breathe } = context;
  const { output, mode, uid, gid } = plan;
  const origin = "stage:embed";
  const field = plan.into === undefined ? ["output", "file"] : ["into"];
  const place = (name: string) => atField(field, () => placeFor(tree, plan, name));
  const made = new Map<string, Content>();
  const sink: OutputSink = {
    async file({ name, compression }, write) {
      made.set(name, await context.content(compression, async (bytes) => void await write(bytes)));
    },
  };
  // What cannot be put anywhere is not made at all.
  place(output.file);
  try {
    await writeOutput(output, {
      ...{ reader, epoch, tree: context.tree, sink, reporter, blockCompressor, breathe },
    });
  } catch (error) {
    throw withField(["output"], error);
  }
  for (const [name, content] of made) {
    const path = place(name);
    tree.putParents(path, origin, epoch);
    tree.put({ type: "file", path, mode, uid, gid, mtime: epoch, origin, content });
  }
};

export const embed = stageKind({
  spec,
  plan: ({ output, into, mode, uid, gid }, { treeId, named }): EmbedPlan => ({
    kind: "embed",
    output: planOutput(output, treeId, named),
    of: treeId(output.tree),
    ...(into === undefined ? {} : { into }),
    ...{ mode, uid, gid },
  }),
  line: ({ output, into = "" }) => `/${into === "" ? "" : `${into}/`}${outputLines(output)[0]}`,
  apply,
});
