/** What people ask of a tree, out of its listing. */
import type { ListedEntry } from "./tree_listing.ts";

export type Tree = ReadonlyMap<string, ListedEntry>;

/** A kernel module by its path below its release. */
export interface ListedModule {
  readonly path: string;
  readonly sha256: string;
}

const MODULE = /^(?:usr\/)?lib\/modules\/([^/]+)\/(.+\.ko(?:\.(?:gz|xz|zst))?)$/;

/** Releases of the kernels that have modules, ordered as in the tree. */
export function kernelReleases(tree: Tree): string[] {
  const releases = [...tree.keys()].flatMap((path) => MODULE.exec(path)?.[1] ?? []);
  return [...new Set(releases)];
}

/**
 * Modules by path. Where a tree has one release only, it is no part of the path: an updated
 * kernel then shows which modules came and went.
 */
export function modulesOf(tree: Tree): Map<string, ListedModule> {
  const releases = kernelReleases(tree);
  const modules = new Map<string, ListedModule>();
  for (const { path, sha256 } of tree.values()) {
    const [, release, below] = MODULE.exec(path) ?? [];
    if (release === undefined || sha256 === undefined) continue;
    const name = releases.length === 1 ? below! : `${release}/${below}`;
    modules.set(name, { path: name, sha256 });
  }
  return modules;
}

/** Whether an entry is a kernel module's file. */
export function isModule({ path }: Pick<ListedEntry, "path">): boolean {
  return MODULE.test(path);
}

/** Files that run with the rights of their owner or group. */
export function setuidFiles(tree: Tree): Map<string, ListedEntry> {
  return where(tree, (e) => e.type === "file" && (parseInt(e.mode, 8) & 0o6000) !== 0);
}

/** Devices. */
export function deviceNodes(tree: Tree): Map<string, ListedEntry> {
  return where(tree, (e) => e.type === "char" || e.type === "block");
}

/** A service in a runlevel of OpenRC. */
export interface EnabledService {
  readonly runlevel: string;
  readonly service: string;
}

export function servicesOf(tree: Tree): Map<string, EnabledService> {
  return new Map([...tree.keys()].flatMap((path) => {
    const [, runlevel, service] = /^etc\/runlevels\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
    return runlevel === undefined ? [] : [[path, { runlevel, service: service! }] as const];
  }));
}

function where(tree: Tree, fits: (entry: ListedEntry) => boolean): Map<string, ListedEntry> {
  return new Map([...tree].filter(([, entry]) => fits(entry)));
}
