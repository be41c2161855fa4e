import type { ScriptOutcome } from "../lib/apk/scripts/outcome.ts";
import type { UnpackedPackage } from "../lib/apk/types.ts";
import { zstdHere } from "../lib/disk/zstd_frame.ts";
import type { Reporter } from "../lib/report/event.ts";
import { breathe } from "../lib/files/interruption.ts";
import type { ContentStore } from "../lib/store/ports.ts";
import { FileTree } from "../lib/tree/file_tree.ts";
import type { PlaceError } from "./manifest/failed_part.ts";
import { applyStage } from "./kinds/stages.ts";
import type { BuildPlan } from "./plan/plan.ts";
import { loginWarning } from "./stages/logins.ts";
import type { MadeFiles, StageContext } from "./stages/stage.ts";

/** Runs the stages of a plan in order over an empty tree; `placeError` says what failed. */
export async function assemble(
  plan: BuildPlan,
  packages: readonly UnpackedPackage[],
  { store, reporter, made, env: { signal } }: {
    readonly store: ContentStore;
    readonly reporter: Reporter;
    readonly made: MadeFiles;
    readonly env: { readonly signal: AbortSignal };
  },
  placeError: PlaceError,
): Promise<{ tree: FileTree; scripts: readonly ScriptOutcome[] }> {
  const { arch, epoch } = plan;
  const scripts: ScriptOutcome[] = [];
  const context: StageContext = {
    reader: store,
    blobs: store,
    arch,
    epoch,
    packages,
    onScript: (outcome) => void scripts.push(outcome),
    reporter,
    zstd: zstdHere(),
    made,
  };
  const tree = new FileTree({
    mode: 0o755,
    uid: 0,
    gid: 0,
    mtime: epoch,
    origin: "stage:packages",
  });
  for (const [i, stage] of plan.stages.entries()) {
    const id = `stage ${i}`;
    reporter.report({ type: "step", id, title: `Stage ${stage.kind}` });
    await breathe(signal);
    try {
      await applyStage(tree, stage, context);
    } catch (error) {
      throw placeError({ stage: i }, error);
    }
    reporter.report({ type: "done", id, note: `${tree.size} entries` });
  }
  const users = plan.stages.flatMap((stage) => stage.kind === "accounts" ? stage.users : []);
  const isDisk = plan.outputs.some(({ kind }) => kind === "disk");
  const message = isDisk ? loginWarning(users, tree, store) : undefined;
  if (message !== undefined) reporter.report({ type: "warning", message });
  return { tree, scripts };
}
