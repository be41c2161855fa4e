import { TowerError } from "../lib/errors.ts";
import { createArtifact } from "../lib/store/artifact_file.ts";
import type { FileTree } from "../lib/tree/file_tree.ts";
import { join } from "@std/path";
import type { Engine } from "./engine.ts";
import { disk } from "./outputs/disk.ts";
import { initramfs } from "./outputs/initramfs.ts";
import { tar } from "./outputs/tar.ts";
import type { WriteContext } from "./outputs/writer.ts";
import type { BuildPlan, OutputPlan } from "./plan/plan.ts";
import type { Artifact } from "./plan/record.ts";

/**
 * Writes every output of a plan into a folder. An artifact gets its name once it is whole; a
 * writer that fails leaves none.
 */
export async function writeArtifacts(
  plan: BuildPlan,
  tree: FileTree,
  folder: string,
  { store, reporter, env }: Engine,
): Promise<Artifact[]> {
  const artifacts: Artifact[] = [];
  for (const output of plan.outputs) {
    env.signal.throwIfAborted();
    const id = `output ${output.file}`;
    reporter.report({ type: "step", id, title: `Writing ${output.file}` });
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
    try {
      await writeOutput(tree, output, { reader: store, epoch: plan.epoch, sink, reporter });
    } catch (cause) {
      if (!(cause instanceof TowerError)) throw cause;
      throw new TowerError(cause.code, `Cannot write "${output.file}"`, {
        cause,
        ...(cause.hint === undefined ? {} : { hint: cause.hint }),
      });
    }
    const digest = file.digest();
    file.commit();
    artifacts.push({ file: output.file, digest, size });
    reporter.report({ type: "done", id, note: `${size} bytes` });
  }
  return artifacts;
}

function writeOutput(
  tree: FileTree,
  output: OutputPlan,
  context: WriteContext,
): void | Promise<void> {
  switch (output.kind) {
    case "disk":
      return disk(tree, output, context);
    case "tar":
      return tar(tree, output, context);
    case "initramfs":
      return initramfs(tree, output, context);
  }
}
