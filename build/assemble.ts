import type { ScriptOutcome } from "../lib/apk/scripts/outcome.ts";
import type { UnpackedPackage } from "../lib/apk/types.ts";
import { zstdHere } from "../lib/disk/zstd_frame.ts";
import type { Reporter } from "../lib/report/event.ts";
import { breathe } from "../lib/files/interruption.ts";
import type { ContentStore } from "../lib/store/ports.ts";
import { FileTree } from "../lib/tree/file_tree.ts";
import type { PlaceError } from "./manifest/failed_part.ts";
import type { BuildPlan, StagePlan } from "./plan/plan.ts";
import { accounts } from "./stages/accounts.ts";
import { files } from "./stages/files.ts";
import { initramfs } from "./stages/initramfs.ts";
import { kernel } from "./stages/kernel.ts";
import { loginWarning } from "./stages/logins.ts";
import { installWorld } from "./stages/packages.ts";
import { services } from "./stages/services.ts";
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
  const context: StageContext = {
    reader: store,
    blobs: store,
    arch,
    epoch,
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
  const scripts: ScriptOutcome[] = [];
  const run = (stage: StagePlan): void | Promise<void> => {
    switch (stage.kind) {
      case "packages":
        scripts.push(...installWorld(tree, stage, packages, context));
        return;
      case "files":
        return files(tree, stage, context);
      case "accounts":
        return accounts(tree, stage, context);
      case "services":
        return services(tree, stage, context);
      case "kernel":
        return kernel(tree, stage, context);
      case "initramfs":
        return initramfs(tree, stage, context);
    }
  };
  for (const [i, stage] of plan.stages.entries()) {
    const id = `stage ${i}`;
    reporter.report({ type: "step", id, title: `Stage ${stage.kind}` });
    await breathe(signal);
    try {
      await run(stage);
    } catch (error) {
      throw placeError({ stage: i }, error);
    }
    reporter.report({ type: "done", id, note: `${tree.size} entries` });
  }
  const message = loginWarning(plan, tree, store);
  if (message !== undefined) reporter.report({ type: "warning", message });
  return { tree, scripts };
}
