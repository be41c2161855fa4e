import type { ScriptOutcome } from "../lib/apk/scripts/outcome.ts";
import type { UnpackedPackage } from "../lib/apk/types.ts";
import type { SourceContent } from "../lib/archive/entry.ts";
import type { Digest } from "../lib/brand.ts";
import { atField } from "../lib/errors.ts";
import { openBlockPacker } from "../lib/disk/block_packer.ts";
import { zstdHere } from "../lib/disk/zstd_frame.ts";
import type { Runner } from "../lib/proc/command.ts";
import { untilAborted } from "../lib/proc/until_aborted.ts";
import type { Reporter } from "../lib/report/event.ts";
import { ROOT_TREE } from "../lib/tree/root_tree.ts";
import type { EfiSigner } from "../lib/secure_boot/efi_signer.ts";
import type { Breathe } from "../lib/breathe.ts";
import type { ContentStore } from "../lib/store/ports.ts";
import { FileTree } from "../lib/tree/file_tree.ts";
import { treeDifference } from "../lib/tree/tree_difference.ts";
import type { PlaceError } from "./manifest/failed_part.ts";
import { treesOf } from "./kinds/outputs.ts";
import { applyStage } from "./kinds/stages.ts";
import type { KeptTrees, MadeTree, MadeTrees } from "./engine/kept_trees.ts";
import { packedBlob } from "./media/packed_blob.ts";
import type { BuildPlan, TreePlan } from "./plan/plan.ts";
import type { AccountsPlan } from "./stages/accounts.ts";
import { loginWarning } from "./stages/logins.ts";
import type { MadeFiles, StageContext } from "./stages/stage.ts";

/** What trees are made of, in the store. */
export interface Materials {
  /** By the name of the tree that they are for, in install order. */
  readonly packages: ReadonlyMap<string, readonly UnpackedPackage[]>;
  /** Of the sources that the manifest names. */
  readonly sources: ReadonlyMap<string, SourceContent>;
  /** All blobs that they lie in. */
  readonly blobs: ReadonlySet<Digest>;
}

/** What trees are made with beside their plans. */
interface Means {
  readonly store: ContentStore;
  readonly reporter: Reporter;
  readonly made: MadeFiles;
  readonly efiSigner: EfiSigner;
  readonly trees: KeptTrees;
  readonly breathe: Breathe;
  readonly env: { readonly signal: AbortSignal; readonly runner: Runner };
  /** Threads that compress. */
  readonly jobs: number;
}

/**
 * Makes the trees of a plan in its order, but for those that were made before; `placeError` says
 * what failed.
 */
export async function assemble(
  plan: BuildPlan,
  { packages, sources, blobs }: Materials,
  means: Means,
  placeError: PlaceError,
): Promise<MadeTrees> {
  const trees = new Map<string, MadeTree>();
  for (const treePlan of plan.trees) {
    const { name, id } = treePlan;
    const before = means.trees.recall(id, blobs);
    if (before) {
      for (const message of before.warnings) means.reporter.report({ type: "warning", message });
      trees.set(name, before);
      continue;
    }
    let tree: FileTree;
    try {
      tree = beginningOf(treePlan, trees);
    } catch (error) {
      throw placeError({ tree: name }, error);
    }
    const own = packages.get(name) ?? [];
    const told = await applyStages(
      tree,
      treePlan,
      { plan, trees, packages: own, sources, means },
      placeError,
    );
    means.trees.keep(id, { tree, ...told });
    trees.set(name, { tree, ...told });
  }
  warnOfLogins(plan, trees, means);
  return trees;
}

/** Of disks whose users nobody can be. */
function warnOfLogins(plan: BuildPlan, trees: MadeTrees, { store, reporter }: Means): void {
  const disks = plan.outputs.filter(({ kind }) => kind === "disk").flatMap(treesOf);
  for (const name of new Set(disks)) {
    const message = loginWarning(usersOf(plan.trees, name), trees.get(name)!.tree, store);
    if (message !== undefined) reporter.report({ type: "warning", message });
  }
}

/** The users that a manifest asks for in a tree and in those that it begins from. */
function usersOf(
  trees: BuildPlan["trees"],
  name: string | undefined,
): AccountsPlan["users"] {
  const tree = trees.find((tree) => tree.name === name);
  if (!tree) return [];
  const own = tree.stages.flatMap((stage) => stage.kind === "accounts" ? stage.users : []);
  return [...usersOf(trees, tree.from), ...own];
}

function beginningOf({ from, difference, epoch }: TreePlan, trees: MadeTrees): FileTree {
  const made = (name: string) => trees.get(name)!.tree;
  if (from !== undefined) return made(from).clone();
  if (difference) {
    return atField(
      ["difference"],
      () => treeDifference(made(difference.from), made(difference.to)),
    );
  }
  return new FileTree({ mode: 0o755, uid: 0, gid: 0, mtime: epoch, origin: "stage:packages" });
}

/** Runs the stages of a tree over what it begins with. */
async function applyStages(
  tree: FileTree,
  { name, stages, epoch }: TreePlan,
  { plan: { arch }, trees, packages, sources, means }: {
    readonly plan: BuildPlan;
    readonly trees: MadeTrees;
    readonly packages: readonly UnpackedPackage[];
    readonly sources: Materials["sources"];
    readonly means: Means;
  },
  placeError: PlaceError,
): Promise<Omit<MadeTree, "tree">> {
  const { store, reporter, made, efiSigner, breathe, env, jobs } = means;
  const scripts: ScriptOutcome[] = [];
  const warnings: string[] = [];
  const telling: Reporter = {
    report(event) {
      if (event.type === "warning") warnings.push(event.message);
      reporter.report(event);
    },
  };
  const context: StageContext = {
    reader: store,
    blobs: store,
    content: (compression, write) =>
      packedBlob(compression, write, { store, runner: env.runner, jobs }),
    blockCompressor: (packing) => openBlockPacker(packing, jobs, env.signal),
    tree: (name) => trees.get(name)!.tree,
    arch,
    epoch,
    packages,
    sources,
    onScript: (outcome) => void scripts.push(outcome),
    reporter: telling,
    zstd: zstdHere(),
    made,
    efiSigner,
    breathe,
  };
  const of = name === ROOT_TREE ? "" : ` of ${name}`;
  for (const [i, stage] of stages.entries()) {
    const id = `stage ${i}${of}`;
    reporter.report({ type: "step", id, title: `Stage ${stage.kind}${of}` });
    await breathe();
    try {
      // What a stage waits for, such as a library that compresses, hears no signal.
      await untilAborted(Promise.resolve(applyStage(tree, stage, context)), env.signal);
    } catch (error) {
      throw placeError({ tree: name, stage: i }, error);
    }
    reporter.report({ type: "done", id, note: `${tree.size} entries` });
  }
  return { scripts, warnings };
}
