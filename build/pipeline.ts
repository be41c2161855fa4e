import type { TrustedKey, UnpackedPackage } from "../lib/apk/types.ts";
import type { Digest } from "../lib/brand.ts";
import { TowerError } from "../lib/errors.ts";
import type { BuildRecord } from "../lib/release/record.ts";
import { exists, readText, writeFileAtomic } from "../lib/files/files.ts";
import { type FileLock, waitForLock } from "../lib/files/lock_file.ts";
import { loadPackages } from "../lib/packages/package_loader.ts";
import type { PackageRequest } from "../lib/packages/request.ts";
import { removeUnfinished } from "../lib/files/whole_file.ts";
import type { FileTree } from "../lib/tree/file_tree.ts";
import { collectingSigner, type OnUnsigned } from "../lib/secure_boot/efi_signer.ts";
import { join } from "@std/path";
import { writeArtifacts } from "./media/artifacts.ts";
import { assemble, type PackagesByTree } from "./assemble.ts";
import type { MadeTrees } from "./engine/kept_trees.ts";
import type { Engine } from "./engine/engine.ts";
import { NO_KEPT_TREES } from "./engine/kept_trees.ts";
import {
  gatherInputs,
  type Inputs,
  repositoriesRequestOf,
  worldRequestsOf,
} from "./inputs/inputs.ts";
import type { ApkRequest, RepositoriesRequest } from "../lib/packages/resolve_request.ts";
import { fits, olderPackages, requireTrue } from "./sources/apk_lock.ts";
import { apkSourceOf, formatLock, type Lock, lockDigest, parseLock } from "./plan/lock.ts";
import { type BuildPlan, makePlan, planOfTree } from "./plan/plan.ts";
import { makeRecord } from "./plan/record.ts";
import { loadRequestsOf, packagesOf, resolve } from "./sources/apk.ts";
import type { BuildRequest } from "./inputs/request.ts";
import { requireSigners } from "./required_signers.ts";
import { withSoundPackages } from "./engine/sound_packages.ts";
import { recall, remember } from "./engine/unchanged.ts";
import { distributionOf } from "./supply/distribution.ts";
import { VERSION } from "./version.ts";

/**
 * The whole way of an image:
 * manifest -> lock -> plan -> load -> tree -> artifacts -> record.
 */
export async function build(
  request: BuildRequest,
  engine: Engine,
): Promise<{ record: BuildRecord; folder: string }> {
  const planned = await planBuild(request, engine);
  const { inputs, lock, plan } = planned;
  const folder = inputs.output;
  // Also of what is there already: nobody shall think that a key which is not the one has signed.
  requireSigners(plan, engine, inputs.placeError);
  using _lock = await lockFolder(folder, engine);
  // Names with a version or a time change: nobody writes those of a killed build again.
  removeUnfinished(folder);
  engine.env.explain(`plan ${plan.id} goes to ${folder}`);
  const before = recall(plan, folder, engine);
  if (before) {
    engine.env.explain("nothing has changed since this plan's artifacts were written");
    return { record: before, folder };
  }
  const record = await withPackages(planned, engine, async (byTree, packages) => {
    const trees = await assemble(plan, byTree, engine, inputs.placeError);
    const written = await writeArtifacts(plan, trees, folder, engine, inputs.placeError);
    const made = [...trees.values()];
    const scripts = made.flatMap(({ scripts }) => scripts);
    const [distribution] = made.flatMap(({ tree }) => distributionOf(tree, engine.store) ?? []);
    return makeRecord(plan, lock, packages, scripts, written, distribution, VERSION);
  });
  remember(plan, record, folder, engine);
  return { record, folder };
}

/** Does something with a build's packages, loaded once more where the store turns out damaged. */
function withPackages<T>(
  { inputs, lock, worlds, packages }: PlannedBuild,
  engine: Engine,
  work: (byTree: PackagesByTree, packages: readonly UnpackedPackage[]) => Promise<T>,
): Promise<T> {
  const requests = loadRequestsOf(lock.sources, lock.arch, inputs.repositories);
  const keys = lock.sources[0]?.keys ?? [];
  return withSoundPackages(packages, () => load(requests, keys, engine), engine, (loaded) => {
    const byTree = new Map(worlds.map(({ name, world, optional }) => {
      const source = apkSourceOf(lock, name)!;
      const own = packagesOf(source, loaded);
      const alternatives = world.filter((item) => typeof item !== "string");
      requireTrue(source, own, [...world, ...optional], [...optional, ...alternatives]);
      return [name, own];
    }));
    return work(byTree, loaded);
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
  readonly lock: Lock;
  readonly plan: BuildPlan;
  /** What is asked for, by tree. */
  readonly worlds: readonly ApkRequest[];
  /** The packages, where resolving has loaded them already. */
  readonly packages: readonly UnpackedPackage[] | undefined;
}

/** Manifest -> lock -> plan. Touches the network only where no lock fits. */
export async function planBuild(request: BuildRequest, engine: Engine): Promise<PlannedBuild> {
  const inputs = gatherInputs(request, engine.env, engine.store);
  const { lock, worlds, packages } = await lockFor(inputs, request, engine);
  return { inputs, lock, worlds, packages, plan: makePlan(inputs.manifest, lock, inputs.overlays) };
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
  return withPackages(
    planned,
    engine,
    (byTree) => assemble(plan, byTree, unsigned, planned.inputs.placeError),
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
  const before = readLock(inputs.lockFile);
  const { lock } = mode === "update"
    ? await updateLock(
      inputs,
      repositoriesRequestOf(inputs, request.keysFolder, engine.env, before),
      before,
      engine,
    )
    : await lockFor(inputs, { ...request, frozen: mode === "check" }, engine);
  return { lock, file: inputs.lockFile, digest: lockDigest(lock) };
}

/** A lock, and what it is for. */
interface ChosenLock {
  readonly lock: Lock;
  readonly worlds: readonly ApkRequest[];
  /** The packages, where they were loaded. */
  readonly packages?: readonly UnpackedPackage[];
}

/** Chooses packages anew and writes the lock; what got older since the one before is told. */
async function updateLock(
  inputs: Inputs,
  from: RepositoriesRequest,
  before: Lock | undefined,
  engine: Engine,
): Promise<ChosenLock> {
  const { fetcher, store, reporter } = engine;
  const worlds = worldRequestsOf(inputs.manifest, from);
  const { sources, packages } = await resolve(worlds, from, {
    fetcher,
    store,
    reporter,
    load: (requests) => load(requests, from.keys, engine),
    placeOf: inputs.placeOf,
  });
  const lock: Lock = { version: 2, arch: inputs.arch, sources };
  const older = sources.flatMap((now) => {
    const earlier = before && apkSourceOf(before, now.name);
    return earlier ? olderPackages(earlier, now) : [];
  });
  if (older.length > 0) {
    reporter.report({
      type: "warning",
      message: `older than in the last lock: ${older.join(", ")}; a mirror that lags behind, or ` +
        "one that hides updates",
    });
  }
  writeFileAtomic(inputs.lockFile, new TextEncoder().encode(formatLock(lock)));
  return { lock, worlds, packages };
}

/** The lock of a file, undefined where there is none. */
function readLock(file: string): Lock | undefined {
  return exists(file) ? parseLock(readText(file, 64 << 20), file) : undefined;
}

/** The lock on file where it fits what is asked for, else a new one. */
async function lockFor(
  inputs: Inputs,
  { frozen, keysFolder }: BuildRequest,
  engine: Engine,
): Promise<ChosenLock> {
  const { lockFile } = inputs;
  const found = readLock(lockFile);
  const from = repositoriesRequestOf(inputs, keysFolder, engine.env, found);
  const worlds = worldRequestsOf(inputs.manifest, from);
  if (found && answers(found, worlds)) {
    engine.env.explain(`lock ${lockFile} fits`);
    return { lock: found, worlds };
  }
  if (frozen) {
    const why = found ? "it was made for other packages, keys or repositories" : "it is not there";
    throw new TowerError("stale", `Cannot use lock "${lockFile}": ${why}`, {
      hint: "write it with tower-build lock SYSTEM, or build without --frozen",
    });
  }
  if (found) {
    const message = `lock "${lockFile}" no longer fits the manifest; choosing packages anew`;
    engine.reporter.report({ type: "warning", message });
  }
  return await updateLock(inputs, from, found, engine);
}

/** Whether a lock has a source for each world that fits it, and no other. */
function answers(lock: Lock, worlds: readonly ApkRequest[]): boolean {
  return lock.sources.length === worlds.length && worlds.every((world) => {
    const source = apkSourceOf(lock, world.name);
    return source !== undefined && fits(source, lock.arch, world);
  });
}

function load(
  requests: readonly PackageRequest[],
  keys: readonly TrustedKey[],
  { store, env, reporter, jobs, offline, patience }: Engine,
): Promise<UnpackedPackage[]> {
  const policy = { offline, patience };
  return loadPackages(requests, { store, policy, keys, jobs, reporter, signal: env.signal });
}
