import { join, resolve } from "@std/path";
import type { UnpackedPackage } from "../lib/apk/types.ts";
import type { Digest } from "../lib/brand.ts";
import { TowerError } from "../lib/errors.ts";
import { exists } from "../lib/files/files.ts";
import { type FileLock, waitForLock } from "../lib/files/lock_file.ts";
import { removeUnfinished } from "../lib/files/whole_file.ts";
import { RECORD_FILE } from "../lib/release/file_names.ts";
import { parseRecord } from "../lib/release/record.ts";
import { ReleaseFolder } from "../lib/release/release_folder.ts";
import { collectingSigner, type OnUnsigned } from "../lib/secure_boot/efi_signer.ts";
import type { FileTree } from "../lib/tree/file_tree.ts";
import { assemble, type Materials } from "./assemble.ts";
import type { Engine } from "./engine/engine.ts";
import { type MadeTrees, NO_KEPT_TREES } from "./engine/kept_trees.ts";
import { storedIn, withSoundSources } from "./engine/sound_sources.ts";
import { recall, remember } from "./engine/unchanged.ts";
import { gatherInputs, type Inputs } from "./inputs/inputs.ts";
import type { BuildRequest } from "./inputs/request.ts";
import { type ChosenLock, loadSources, lockFor } from "./locking.ts";
import { writeArtifacts } from "./media/artifacts.ts";
import { apkSourceOf, type Lock, lockDigest } from "./plan/lock.ts";
import { type BuildPlan, makePlan, planOfTree } from "./plan/plan.ts";
import { makeRecord } from "./plan/record.ts";
import { requireSigners } from "./required_signers.ts";
import { packagesOf } from "./sources/apk.ts";
import { requireTrue } from "./sources/apk_lock.ts";
import type { Builds, Built } from "./sources/source.ts";
import { distributionOf } from "./supply/distribution.ts";
import { VERSION } from "./version.ts";

/**
 * The whole way of an image:
 * manifest -> lock -> plan -> load -> tree -> artifacts -> record.
 *
 * @param within the systems of which this one is a part, outermost first
 */
export async function build(
  request: BuildRequest,
  engine: Engine,
  within: readonly string[] = [],
): Promise<Built> {
  const planned = await planBuild(request, engine, within);
  const { inputs, lock, plan } = planned;
  const folder = inputs.output;
  // Also of what is there already: nobody shall think that a key which is not the one has signed.
  requireSigners(plan, engine, inputs.placeError);
  using _lock = await lockFolder(folder, engine);
  // Names with a version or a time change: nobody writes those of a killed build again.
  removeUnfinished(folder);
  engine.env.explain(`plan ${plan.id} goes to ${folder}`);
  const before = await recall(plan, folder, engine);
  if (before) {
    engine.env.explain("nothing has changed since this plan's artifacts were written");
    return { record: before, folder };
  }
  const record = await withSources(planned, engine, async (materials, packages) => {
    const trees = await assemble(plan, materials, engine, inputs.placeError);
    const written = await writeArtifacts(plan, trees, folder, engine, inputs.placeError);
    const made = [...trees.values()];
    const scripts = made.flatMap(({ scripts }) => scripts);
    const [distribution] = made.flatMap(({ tree }) => distributionOf(tree, engine.store) ?? []);
    return makeRecord(plan, lock, packages, scripts, written, distribution, VERSION);
  });
  remember(plan, record, folder, engine);
  return { record, folder };
}

/** Does something with what a build's sources bring, loaded once more where the store turns out damaged. */
function withSources<T>(
  { inputs, chosen, lock }: PlannedBuild,
  engine: Engine,
  work: (materials: Materials, packages: readonly UnpackedPackage[]) => Promise<T>,
): Promise<T> {
  const load = () => loadSources(chosen, inputs, engine);
  const { packages } = chosen;
  const known = packages && chosen.asked.length === 0
    ? { packages, contents: new Map() }
    : undefined;
  return withSoundSources(known, load, engine, (loaded) => {
    const byTree = new Map(chosen.worlds.map(({ name, world, optional }) => {
      const source = apkSourceOf(lock, name)!;
      const own = packagesOf(source, loaded.packages);
      const alternatives = world.filter((item) => typeof item !== "string");
      requireTrue(source, own, [...world, ...optional], [...optional, ...alternatives]);
      return [name, own];
    }));
    const blobs = new Set(storedIn(loaded).map(({ blob }) => blob));
    return work({ packages: byTree, sources: loaded.contents, blobs }, loaded.packages);
  });
}

/** Artifacts and record must be of one build: another one into the same folder waits its turn. */
function lockFolder(folder: string, { env, reporter }: Engine): Promise<FileLock> {
  return waitForLock(join(folder, ".tower-build.lock"), "tower-build build", {
    signal: env.signal,
    onWait: (holder) =>
      reporter.report({ type: "info", message: `waiting for ${holder}: it builds into ${folder}` }),
  });
}

/** A build as far as it can be known before a package is unpacked. */
export interface PlannedBuild {
  readonly inputs: Inputs;
  readonly chosen: ChosenLock;
  readonly lock: Lock;
  readonly plan: BuildPlan;
}

/** Manifest -> lock -> plan. Touches the network only where no lock fits. @param within as of {@linkcode build} */
export async function planBuild(
  request: BuildRequest,
  engine: Engine,
  within: readonly string[] = [],
): Promise<PlannedBuild> {
  const inputs = gatherInputs(request, engine.env, engine.store);
  const builds = otherBuilds(request, inputs, engine, within);
  const chosen = await lockFor(inputs, request, { engine, builds });
  const { lock } = chosen;
  return { inputs, chosen, lock, plan: makePlan(inputs.manifest, lock, inputs.overlays) };
}

/**
 * A tree that a plan gives, without any artifact. Nothing is signed: where signatures go stand zeros.
 * @throws {TowerError} `not-found` where there is none of that name
 */
export async function buildTree(
  request: BuildRequest,
  name: string,
  engine: Engine,
): Promise<FileTree> {
  const planned = await planBuild(request, engine);
  const trees = await unsignedTrees(planned, planOfTree(planned.plan, name), engine, () => {});
  return trees.get(name)!.tree;
}

/**
 * Makes all trees of a system for nothing but what is to be signed in them.
 * @param onUnsigned is told of each program, and of the certificate whose key is to sign
 */
export async function findUnsigned(
  request: BuildRequest,
  engine: Engine,
  onUnsigned: OnUnsigned,
): Promise<BuildPlan> {
  const planned = await planBuild(request, engine);
  await unsignedTrees(planned, planned.plan, engine, onUnsigned);
  return planned.plan;
}

function unsignedTrees(
  planned: PlannedBuild,
  plan: BuildPlan,
  engine: Engine,
  onUnsigned: OnUnsigned,
): Promise<MadeTrees> {
  const signs = plan.trees.some(({ stages }) => stages.some(({ kind }) => kind === "secure-boot"));
  const unsigned = {
    ...engine,
    efiSigner: collectingSigner(onUnsigned),
    // An id says who signs.
    ...(signs ? { trees: NO_KEPT_TREES } : {}),
  };
  return withSources(
    planned,
    engine,
    (materials) => assemble(plan, materials, unsigned, planned.inputs.placeError),
  );
}

/**
 * Writes a system's lock (`keep` keeps one that fits, `update` never does), or checks it.
 * @throws {TowerError} `stale` when a check finds that it does not fit.
 */
export async function lockSystem(
  request: BuildRequest,
  mode: "keep" | "update" | "check",
  engine: Engine,
): Promise<{ lock: Lock; file: string; digest: Digest }> {
  const inputs = gatherInputs(request, engine.env, engine.store);
  const { lock } = await lockFor(inputs, { ...request, frozen: mode === "check" }, {
    engine,
    builds: otherBuilds(request, inputs, engine, []),
    anew: mode === "update",
  });
  return { lock, file: inputs.lockFile, digest: lockDigest(lock) };
}

/** What other systems give to one: each is built as this one is, into the folder of its own. */
function otherBuilds(
  request: BuildRequest,
  { arch }: Inputs,
  engine: Engine,
  within: readonly string[],
): Builds {
  const { env } = engine;
  const here = /\.ya?ml$/.test(request.system) ? resolve(env.cwd, request.system) : request.system;
  const chain = [...within, here];
  const of = (system: string): BuildRequest => ({
    ...request,
    system,
    arch,
    lockFile: undefined,
    output: undefined,
  });
  return {
    read: readBuilt,
    find(system) {
      const { output } = gatherInputs(of(system), env, engine.store);
      return wholeBuild(output);
    },
    async build(system) {
      if (chain.includes(system)) {
        const cause = `it is a part of itself: ${[...chain, system].join(" -> ")}`;
        throw new TowerError("malformed", `Cannot build "${system}": ${cause}`);
      }
      engine.reporter.report({
        type: "info",
        message: `building "${system}", which "${here}" takes`,
      });
      return await build(of(system), engine, chain);
    },
  };
}

/** What a folder holds of a build, where nothing of it is gone: else it has to be built anyway. */
function wholeBuild(folder: string): Built | undefined {
  if (!exists(join(folder, RECORD_FILE))) return undefined;
  try {
    const built = readBuilt(folder);
    const isWhole = built.record.artifacts.every(({ file }) => exists(join(folder, file)));
    return isWhole ? built : undefined;
  } catch (error) {
    // A record that nobody can read is written anew.
    if (error instanceof TowerError && error.code === "malformed") return undefined;
    throw error;
  }
}

/** What a folder holds that a build wrote. */
function readBuilt(folder: string): Built {
  const release = new ReleaseFolder(folder);
  return { folder, record: parseRecord(release.text(RECORD_FILE), release.at(RECORD_FILE)) };
}
