import type { Arch, Digest } from "../../lib/brand.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { uuidFrom } from "../../lib/format/uuid.ts";
import { canonicalJson } from "../../lib/json.ts";
import {
  type Manifest,
  optionalOf,
  packagesStages,
  type PlacedStage,
  worldOf,
} from "../manifest/manifest.ts";
import { type OutputPlan, planOutput } from "../kinds/outputs.ts";
import { planStage, type StagePlan } from "../kinds/stages.ts";
import type { ChosenPackages, OverlayFile } from "../stages/stage.ts";
import { choose } from "../../lib/apk/wanted.ts";
import { type Lock, lockDigest } from "./lock.ts";
import { repositoryLines } from "./repositories.ts";

/** All that decides a build, as plain JSON: two equal plans are one build. */
export interface BuildPlan {
  readonly version: 1;
  readonly id: Digest;
  readonly system: string;
  readonly arch: Arch;
  readonly lock: Digest;
  /** Seconds since 1970 for every time that is not a package's own: the newest package's. */
  readonly epoch: number;
  readonly packages: readonly {
    readonly name: string;
    readonly version: string;
    readonly digest: Digest;
  }[];
  readonly stages: readonly StagePlan[];
  readonly outputs: readonly OutputPlan[];
}

/**
 * Fixes everything that could vary. Pure: the same manifest, lock and overlays give the same plan
 * on every machine.
 *
 * @param overlays The files of each stage's overlay folder, by the stage's place in the manifest.
 */
export function makePlan(
  manifest: Manifest,
  lock: Lock,
  overlays: ReadonlyMap<Pick<PlacedStage, "spec">, readonly OverlayFile[]>,
): BuildPlan {
  const packages = lock.packages.map(({ name, version, digest }) => ({ name, version, digest }));
  const chosen = chosenPackages(manifest, lock);
  const stages = plannedStages(manifest).reduce<StagePlan[]>((before, stage) => {
    const planning = { overlay: overlays.get(stage) ?? [], chosen, before };
    return [...before, planStage(stage.spec, planning)];
  }, []);
  const base = {
    version: 1 as const,
    system: manifest.name,
    arch: lock.arch,
    epoch: Math.max(0, ...lock.packages.map((p) => p.buildTime)),
    packages,
    stages,
  };
  const seed = digestOf(canonicalJson(base));
  const outputs = manifest.outputs.map(({ spec }) =>
    planOutput(spec, {
      system: base.system,
      arch: base.arch,
      epoch: base.epoch,
      version: manifest.version,
      uuid: (name) => uuidFrom(`${seed} ${spec.file} ${name}`),
    })
  );
  const plan = { ...base, outputs };
  return { ...plan, id: digestOf(canonicalJson(plan)), lock: lockDigest(lock) };
}

/** The stages as a plan has them: those of packages are one, the first. */
function plannedStages(manifest: Manifest): readonly Pick<PlacedStage, "spec">[] {
  const scripts = packagesStages(manifest).flatMap((stage) => stage.scripts);
  const packages = { kind: "packages" as const, world: [], optional: [], scripts };
  return [{ spec: packages }, ...manifest.stages.filter(({ spec }) => spec.kind !== "packages")];
}

function chosenPackages(manifest: Manifest, lock: Lock): ChosenPackages {
  return {
    world: worldWithout(manifest, lock.missing ?? []),
    repositories: repositoryLines(lock.repositories.map((r) => ({
      name: r.name,
      ...(r.tag === undefined ? {} : { tag: r.tag }),
    }))),
    keys: lock.keys,
    tags: Object.fromEntries(lock.packages.flatMap(({ name, repository }) => {
      const tag = lock.repositories[repository]!.tag;
      return tag === undefined ? [] : [[name, tag]];
    })),
  };
}

/** What a manifest wants, as far as it was to be had. */
function worldWithout(manifest: Manifest, missing: readonly string[]): string[] {
  const isThere = (item: string) => !missing.includes(item);
  const taken = [...worldOf(manifest), ...optionalOf(manifest)].map((item) =>
    choose(item, isThere)
  );
  return [...new Set(taken.flatMap(({ chosen }) => chosen ?? []))];
}
