import type { TrustedKey } from "../../lib/apk/types.ts";
import type { Arch, Digest } from "../../lib/brand.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { uuidFrom } from "../../lib/format/uuid.ts";
import { canonicalJson } from "../../lib/json.ts";
import { artifactName, type NamedBuild } from "../../lib/release/artifact_name.ts";
import { imageFile } from "../../lib/release/file_names.ts";
import {
  type Manifest,
  optionalOf,
  packagesStages,
  type PlacedStage,
  worldOf,
} from "../manifest/manifest.ts";
import type {
  AccountsSpec,
  DiskSpec,
  FilesSpec,
  InitramfsOutputSpec,
  InitramfsSpec,
  KernelSpec,
  OutputSpec,
  PackagesSpec,
  ServicesSpec,
  TarSpec,
} from "../manifest/schema.ts";
import { choose } from "../manifest/wanted.ts";
import type { DiskPlan } from "../outputs/disk_plan.ts";
import { type Lock, lockDigest } from "./lock.ts";
import { inheritedPasswords } from "./passwords.ts";
import { repositoryLines } from "./repositories.ts";

/** A file of an overlay folder, its content in the store. */
export interface OverlayFile {
  /** Path in the tree. */
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
  readonly executable: boolean;
}

export interface PackagesPlan {
  readonly kind: "packages";
  readonly world: readonly string[];
  readonly repositories: readonly string[];
  readonly keys: readonly TrustedKey[];
  /** Repository tag by the name of the package that was pinned to it. */
  readonly tags: Readonly<Record<string, string>>;
  readonly scripts: PackagesSpec["scripts"];
}
export interface FilesPlan {
  readonly kind: "files";
  readonly overlay: readonly OverlayFile[];
  readonly files: FilesSpec["files"];
  readonly remove: FilesSpec["remove"];
}
export type StagePlan =
  | PackagesPlan
  | FilesPlan
  | AccountsSpec
  | ServicesSpec
  | KernelSpec
  | InitramfsSpec;
/** A disk and how its image is compressed; `file` has the suffix. */
export type DiskOutputPlan = DiskPlan & Pick<DiskSpec, "compression">;
export type OutputPlan = DiskOutputPlan | TarSpec | InitramfsOutputSpec;

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
  overlays: ReadonlyMap<PlacedStage, readonly OverlayFile[]>,
): BuildPlan {
  const packages = lock.packages.map(({ name, version, digest }) => ({ name, version, digest }));
  const passwordsOf = inheritedPasswords();
  const stages = [
    packagesPlan(manifest, lock),
    ...manifest.stages.flatMap((stage): StagePlan[] => {
      const { spec } = stage;
      if (spec.kind === "packages") return [];
      if (spec.kind === "accounts") return [passwordsOf(spec)];
      if (spec.kind !== "files") return [spec];
      const { kind, files, remove } = spec;
      return [{ kind, overlay: overlays.get(stage) ?? [], files, remove }];
    }),
  ];
  const base = {
    version: 1 as const,
    system: manifest.name,
    arch: lock.arch,
    epoch: Math.max(0, ...lock.packages.map((p) => p.buildTime)),
    packages,
    stages,
  };
  const seed = digestOf(canonicalJson(base));
  const plan = {
    ...base,
    outputs: manifest.outputs.map((o) =>
      outputPlan(o, seed, { ...base, version: manifest.version })
    ),
  };
  return { ...plan, id: digestOf(canonicalJson(plan)), lock: lockDigest(lock) };
}

function packagesPlan(manifest: Manifest, lock: Lock): PackagesPlan {
  return {
    kind: "packages",
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
    scripts: packagesStages(manifest).flatMap((s) => s.scripts),
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

function outputPlan(spec: OutputSpec, seed: Digest, build: Named): OutputPlan {
  return spec.kind === "disk"
    ? diskPlan(spec, seed, build)
    : { ...spec, file: artifactName(spec.file, build) };
}

interface Named extends NamedBuild {
  readonly system: string;
  readonly arch: Arch;
}

function diskPlan(spec: DiskSpec, seed: Digest, build: Named): DiskOutputPlan {
  const uuid = (name: string) => uuidFrom(`${seed} ${spec.file} ${name}`);
  const rootUuid = uuid("root");
  return {
    kind: "disk",
    file: artifactName(imageFile(spec.file, spec.compression), build),
    compression: spec.compression,
    arch: build.arch,
    table: spec.table,
    diskId: uuid("disk"),
    boot: {
      ...spec.boot,
      partitionId: uuid("boot partition"),
      volumeId: parseInt(uuid("boot volume").slice(0, 8), 16),
    },
    root: {
      ...spec.root,
      uuid: rootUuid,
      hashSeed: uuid("hash seed"),
      partitionId: uuid("root partition"),
    },
    loaders: spec.loaders,
    kernel: `boot/vmlinuz-${spec.flavour}`,
    initramfs: spec.initramfs,
    cmdline: `root=UUID=${rootUuid} rootfstype=ext4 ${spec.cmdline}`.trim(),
    title: build.system,
  };
}
