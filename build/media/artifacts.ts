import { TowerError } from "../../lib/errors.ts";
import { encodedChunks } from "../../lib/bytes/bytes.ts";
import { createArtifact } from "../../lib/files/artifact_file.ts";
import { join } from "@std/path";
import { writeFile } from "./output_file.ts";
import type { MadeTree, MadeTrees } from "../assemble.ts";
import type { Engine } from "../engine/engine.ts";
import type { PlaceError } from "../manifest/failed_part.ts";
import { treeFile } from "../../lib/release/file_names.ts";
import { compressionOf, type OutputPlan, writeOutput } from "../kinds/outputs.ts";
import type { OutputSink } from "../outputs/output.ts";
import { requirePackers } from "./packing.ts";
import type { BuildPlan } from "../plan/plan.ts";
import type { Artifact, Companion } from "../../lib/release/record.ts";
import type { Written } from "../plan/record.ts";
import { formatTreeListing } from "../supply/tree_listing.ts";

/**
 * Writes every output of a plan into a folder, and what tells about them: block maps and the
 * listings of the trees. A file gets its name once it is whole; a writer that fails leaves none.
 */
export async function writeArtifacts(
  plan: BuildPlan,
  trees: MadeTrees,
  folder: string,
  engine: Engine,
  placeError: PlaceError,
): Promise<Written> {
  const { reporter, env } = engine;
  requirePackers(plan.outputs.map(compressionOf), env.runner);
  const artifacts: Artifact[] = [];
  const companions: Companion[] = [];
  const sinkOf = ({ kind, tree, folder: part }: OutputPlan): OutputSink => ({
    async file(file, write) {
      const { artifact, bmap } = await writeFile(file, write, { folder, engine });
      const of = { tree, ...(part === undefined ? {} : { folder: part }) };
      artifacts.push({ kind, ...of, ...artifact });
      if (bmap) companions.push(bmap);
    },
  });
  const treeOf = ({ tree }: OutputPlan) => trees.get(tree)!.tree;
  const context = { reader: engine.store, epoch: plan.epoch, reporter };
  for (const [i, output] of plan.outputs.entries()) {
    env.signal.throwIfAborted();
    const id = `output ${output.file}`;
    reporter.report({ type: "step", id, title: `Writing ${output.file}` });
    await about(
      output,
      () => writeOutput(treeOf(output), output, { ...context, sink: sinkOf(output) }),
      (error) => placeError({ output: i }, error),
    );
    reporter.report({ type: "done", id, note: `${artifacts.at(-1)!.size} bytes` });
  }
  for (const [name, made] of trees) {
    companions.push(writeListing(plan, name, made, folder, engine));
  }
  return { artifacts, companions };
}

/** Says which output an error is about. */
async function about(
  { file }: OutputPlan,
  work: () => Promise<void>,
  placed: (error: unknown) => unknown,
): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (!(cause instanceof TowerError) || cause.code === "interrupted") throw cause;
    throw placed(
      new TowerError(cause.code, `Cannot write "${file}"`, {
        cause,
        ...(cause.hint === undefined ? {} : { hint: cause.hint }),
      }),
    );
  }
}

function writeListing(
  { system }: BuildPlan,
  name: string,
  { tree }: MadeTree,
  folder: string,
  { store }: Engine,
): Companion {
  const file = treeFile(system, name);
  using artifact = createArtifact(join(folder, file));
  let size = 0;
  for (const bytes of encodedChunks(formatTreeListing(tree, store))) {
    artifact.writeAt(size, bytes);
    size += bytes.length;
  }
  const digest = artifact.digest();
  artifact.commit();
  return { kind: "tree", tree: name, file, digest, size };
}
