import { TowerError } from "../../lib/errors.ts";
import { encodedChunks } from "../../lib/bytes/bytes.ts";
import { openBlockPacker } from "../../lib/disk/block_packer.ts";
import { createArtifact } from "../../lib/files/artifact_file.ts";
import { telling } from "../../lib/report/telling.ts";
import { join } from "@std/path";
import { writeFile } from "./output_file.ts";
import type { Engine } from "../engine/engine.ts";
import { recallOutput, rememberOutput } from "../engine/kept_outputs.ts";
import type { MadeTree, MadeTrees } from "../engine/kept_trees.ts";
import type { PlaceError } from "../manifest/failed_part.ts";
import { treeFile } from "../../lib/release/file_names.ts";
import { compressionOf, type OutputPlan, treesOf, writeOutput } from "../kinds/outputs.ts";
import type { OutputSink } from "../outputs/output.ts";
import { requirePackers } from "./packing.ts";
import { type BuildPlan, epochOf } from "../plan/plan.ts";
import type { Companion } from "../../lib/release/record.ts";
import type { Written } from "../plan/record.ts";
import { formatTreeListing } from "../supply/tree_listing.ts";

/**
 * Writes every output of a plan into a folder, and what tells about them: block maps and the
 * listings of the trees. A file gets its name once it is whole; a writer that fails leaves none. What
 * an earlier build wrote there of the same tree, by the same plan, is not written again.
 */
export async function writeArtifacts(
  plan: BuildPlan,
  trees: MadeTrees,
  folder: string,
  engine: Engine,
  placeError: PlaceError,
): Promise<Written> {
  const { reporter, env, breathe } = engine;
  requirePackers(plan.outputs.map(compressionOf), env.runner);
  const written: Written = { artifacts: [], companions: [] };
  const add = ({ artifacts, companions }: Written) => {
    written.artifacts.push(...artifacts);
    written.companions.push(...companions);
  };
  for (const [i, output] of plan.outputs.entries()) {
    await breathe();
    const { id: tree } = plan.trees.find(({ name }) => name === output.tree)!;
    const epoch = epochOf(treesOf(output), plan.trees);
    const placed = { plan: output, tree, folder };
    const before = await recallOutput(placed, engine);
    if (before) {
      env.explain(`${output.file} is what it was: its tree and its plan have not changed`);
      add(before);
      continue;
    }
    const id = `output ${output.file}`;
    reporter.report({ type: "step", id, title: `Writing ${output.file}` });
    const made = await about(
      output,
      () => writeInto(folder, output, trees, { epoch, engine }),
      (error) => placeError({ output: i }, error),
    );
    rememberOutput(placed, made, engine);
    add(made);
    reporter.report({ type: "done", id, note: `${made.artifacts.at(-1)!.size} bytes` });
  }
  for (const [name, made] of trees) {
    const listing = () => writeListing(plan, name, made, folder, engine);
    written.companions.push(await telling(reporter, "List the tree", listing));
  }
  return written;
}

/** Writes one output into a folder. */
async function writeInto(
  folder: string,
  output: OutputPlan,
  trees: MadeTrees,
  { epoch, engine }: { readonly epoch: number; readonly engine: Engine },
): Promise<Written> {
  const { kind, tree, folder: part } = output;
  const of = { kind, tree, ...(part === undefined ? {} : { folder: part }) };
  const written: Written = { artifacts: [], companions: [] };
  const sink: OutputSink = {
    async file(file, write) {
      const { artifact, bmap } = await writeFile(file, write, { folder, engine });
      written.artifacts.push({ ...of, ...artifact });
      if (bmap) written.companions.push(bmap);
    },
  };
  const { store: reader, reporter, breathe, jobs, env: { signal } } = engine;
  await writeOutput(output, {
    ...{ reader, epoch, sink, reporter, breathe },
    tree: (name) => trees.get(name)!.tree,
    blockCompressor: (packing) => openBlockPacker(packing, jobs, signal),
  });
  return written;
}

/** Says which output an error is about. */
async function about<T>(
  { file }: OutputPlan,
  work: () => Promise<T>,
  placed: (error: unknown) => unknown,
): Promise<T> {
  try {
    return await work();
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

async function writeListing(
  { system }: BuildPlan,
  name: string,
  { tree }: MadeTree,
  folder: string,
  { store, breathe }: Engine,
): Promise<Companion> {
  const file = treeFile(system, name);
  using artifact = createArtifact(join(folder, file));
  let size = 0;
  for (const bytes of encodedChunks(formatTreeListing(tree, store))) {
    artifact.writeAt(size, bytes);
    size += bytes.length;
    await breathe();
  }
  const digest = await artifact.digest(breathe);
  await artifact.commit();
  return { kind: "tree", tree: name, file, digest, size };
}
