import { canonicalJson } from "../../lib/json.ts";
import { ROOT_TREE } from "../../lib/tree/root_tree.ts";
import { rawFile } from "../../lib/release/file_names.ts";
import type { Artifact, BuildRecord } from "../../lib/release/record.ts";
import { type Difference, differenceOf, isSame } from "./difference.ts";
import { comparePackages, type PackageVersion } from "./package_difference.ts";
import type { ListedEntry } from "./tree_listing.ts";
import {
  deviceNodes,
  type EnabledService,
  kernelReleases,
  type ListedModule,
  modulesOf,
  servicesOf,
  setuidFiles,
  type Tree,
} from "./tree_views.ts";

/** A build to compare: its record, and the listings of its trees, undefined where one is missing. */
export interface ComparedBuild {
  readonly record: BuildRecord;
  readonly trees: ReadonlyMap<string, Tree | undefined>;
}

export interface ArtifactSize {
  readonly file: string;
  readonly size: number;
  readonly digest: string;
}
/** What came from elsewhere beside packages. */
export interface SourceVersion {
  readonly kind: string;
  readonly name: string;
  readonly digest: string;
}
/** Arguments of a disk's kernel command line that one side alone has. */
export interface CommandLineDifference {
  readonly file: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** What two trees differ in: all entries, and what people ask for by name. */
export interface TreeDifference {
  readonly files: Difference<ListedEntry>;
  readonly kernels: Difference<string>;
  readonly modules: Difference<ListedModule>;
  readonly setuid: Difference<ListedEntry>;
  readonly devices: Difference<ListedEntry>;
  readonly services: Difference<EnabledService>;
}

/** What two builds differ in. Plain JSON. */
export interface BuildDifference {
  readonly isSame: boolean;
  /** Ids of the plans: the UUIDs in an image follow from its plan. */
  readonly plans: { readonly before: string; readonly after: string };
  readonly packages: Difference<PackageVersion>;
  readonly sources: Difference<SourceVersion>;
  /** By name; null where a listing is missing. */
  readonly trees: Readonly<Record<string, TreeDifference | null>>;
  readonly commandLines: readonly CommandLineDifference[];
  readonly artifacts: Difference<ArtifactSize>;
}

/** Compares two builds. Pure. */
export function compareBuilds(before: ComparedBuild, after: ComparedBuild): BuildDifference {
  const packages = comparePackages(before.record, after.record);
  const trees = compareAllTrees(before, after);
  const commandLines = compareCommandLines(before.record, after.record);
  const artifacts = differenceOf(sizesOf(before.record), sizesOf(after.record), equal);
  const treeParts = Object.values(trees).flatMap((tree) => tree ? Object.values(tree) : []);
  const sources = differenceOf(sourcesOf(before.record), sourcesOf(after.record), equal);
  const parts: Difference<unknown>[] = [packages, sources, artifacts, ...treeParts];
  return {
    isSame: commandLines.length === 0 && parts.every(isSame),
    plans: { before: before.record.plan, after: after.record.plan },
    packages,
    sources,
    trees,
    commandLines,
    artifacts,
  };
}

function compareAllTrees(
  before: ComparedBuild,
  after: ComparedBuild,
): Record<string, TreeDifference | null> {
  const names = new Set([ROOT_TREE, ...before.trees.keys(), ...after.trees.keys()]);
  const compared = [...names].flatMap((name) => {
    const [old, now] = [before, after].map(({ trees }) => {
      // A build that lists other trees does not have this one.
      return trees.has(name) || trees.size === 0 ? trees.get(name) : NO_TREE;
    });
    if (old === NO_TREE && now === NO_TREE) return [];
    return [[name, old && now ? compareTrees(old, now) : null] as const];
  });
  return Object.fromEntries(compared);
}

const NO_TREE: Tree = new Map();

function compareTrees(before: Tree, after: Tree): TreeDifference {
  const compare = <T>(view: (tree: Tree) => ReadonlyMap<string, T>) =>
    differenceOf(view(before), view(after), equal);
  return {
    files: compare((tree) => tree),
    kernels: compare((tree) => new Map(kernelReleases(tree).map((r) => [r, r]))),
    modules: compare(modulesOf),
    setuid: compare(setuidFiles),
    devices: compare(deviceNodes),
    services: compare(servicesOf),
  };
}

function equal(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

function sourcesOf({ sources = [] }: BuildRecord): Map<string, SourceVersion> {
  return new Map(sources.map(({ kind, name, digest }) => [name, { kind, name, digest }]));
}

/** Artifacts by their name without the suffix of a compression. */
function artifactsOf({ artifacts }: BuildRecord): Map<string, Artifact> {
  return new Map(artifacts.map((artifact) => {
    const { file, compression } = artifact;
    return [compression ? rawFile(file) : file, artifact];
  }));
}

function sizesOf(record: BuildRecord): Map<string, ArtifactSize> {
  return new Map(
    [...artifactsOf(record)].map((
      [name, { file, size, digest }],
    ) => [name, { file, size, digest }]),
  );
}

function compareCommandLines(before: BuildRecord, after: BuildRecord): CommandLineDifference[] {
  const old = artifactsOf(before);
  return [...artifactsOf(after)].flatMap(([name, { file, commandLine }]) => {
    const was = old.get(name)?.commandLine;
    if (was === undefined || commandLine === undefined) return [];
    const [removed, added] = [argumentsOf(was), argumentsOf(commandLine)];
    const difference = {
      file,
      added: added.filter((a) => !removed.includes(a)),
      removed: removed.filter((r) => !added.includes(r)),
    };
    return difference.added.length + difference.removed.length === 0 ? [] : [difference];
  });
}

/** The arguments but for the root's UUID, which another plan always changes. */
function argumentsOf(commandLine: string): string[] {
  return commandLine.split(/\s+/).filter((a) => a !== "" && !/^root=UUID=[0-9a-f-]{36}$/.test(a));
}
