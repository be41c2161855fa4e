import { TowerError } from "../../lib/errors.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { createArtifact } from "../../lib/files/artifact_file.ts";
import { writeFileAtomic } from "../../lib/files/files.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { join } from "@std/path";
import { writeDisk } from "./disk_artifact.ts";
import type { Engine } from "../engine/engine.ts";
import type { PlaceError } from "../manifest/failed_part.ts";
import { treeFile } from "../../lib/release/file_names.ts";
import { type OutputPlan, writeOutput } from "../kinds/outputs.ts";
import type { DiskPlan } from "../outputs/disk_plan.ts";
import type { WriteContext } from "../outputs/output.ts";
import { requirePackers } from "./packing.ts";
import type { BuildPlan } from "../plan/plan.ts";
import type { Artifact, Companion } from "../../lib/release/record.ts";
import type { Written } from "../plan/record.ts";
import { formatTreeListing } from "../supply/tree_listing.ts";

/**
 * Writes every output of a plan into a folder, and what tells about them: block maps and the
 * listing of the tree. A file gets its name once it is whole; a writer that fails leaves none.
 */
export async function writeArtifacts(
  plan: BuildPlan,
  tree: FileTree,
  folder: string,
  engine: Engine,
  placeError: PlaceError,
): Promise<Written> {
  const { reporter, env } = engine;
  const disks = plan.outputs.filter((o) => o.kind === "disk");
  requirePackers(disks.map((o) => o.compression), env.runner);
  const artifacts: Artifact[] = [];
  const companions: Companion[] = [];
  const context = { folder, epoch: plan.epoch, engine };
  for (const [i, output] of plan.outputs.entries()) {
    env.signal.throwIfAborted();
    const id = `output ${output.file}`;
    reporter.report({ type: "step", id, title: `Writing ${output.file}` });
    const artifact = await about(output, async () => {
      if (output.kind !== "disk") return await writeArchive(tree, output, context);
      const { artifact, bmap } = await writeDisk(tree, output, context);
      companions.push(bmap);
      return artifact;
    }, (error) => placeError({ output: i }, error));
    artifacts.push(artifact);
    reporter.report({ type: "done", id, note: `${artifact.size} bytes` });
  }
  companions.push(writeListing(plan, tree, folder, engine));
  return { artifacts, companions };
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

async function writeArchive(
  tree: FileTree,
  output: Exclude<OutputPlan, DiskPlan>,
  { folder, epoch, engine: { store, reporter } }: {
    folder: string;
    epoch: number;
    engine: Engine;
  },
): Promise<Artifact> {
  using file = createArtifact(join(folder, output.file));
  let size = 0;
  const sink: WriteContext["sink"] = {
    writeAt(offset, bytes) {
      size = Math.max(size, offset + bytes.length);
      file.writeAt(offset, bytes);
    },
    setSize(bytes) {
      size = bytes;
      file.setSize(bytes);
    },
  };
  await writeOutput(tree, output, { reader: store, epoch, sink, reporter });
  const digest = file.digest();
  file.commit();
  return { file: output.file, digest, size };
}

function writeListing(
  { system }: BuildPlan,
  tree: FileTree,
  folder: string,
  { store }: Engine,
): Companion {
  const file = treeFile(system);
  const bytes = new TextEncoder().encode(formatTreeListing(tree, store));
  writeFileAtomic(join(folder, file), bytes);
  return { kind: "tree", file, digest: digestOf(bytes), size: bytes.length };
}
