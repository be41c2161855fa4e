import type { Entry, FileEntry } from "../../tree/entry.ts";
import { type FileTree, nameOf, parentOf } from "../../tree/file_tree.ts";
import { type Identified, identify } from "./identifier.ts";
import { checkDirectories, checkEntry } from "./limits.ts";
import type { PosixNode } from "./rock_ridge.ts";

/** An entry, and the file that it names where that is another entry's. */
export interface IsoNode {
  readonly entry: Entry;
  /** The entry itself, or the file that a hard link is a name of. */
  readonly target: Exclude<Entry, { readonly type: "hardlink" }>;
  readonly posix: PosixNode;
}

/** A directory and what it holds, in the order of its records. */
export interface IsoDirectory {
  readonly id: string;
  readonly node: IsoNode;
  readonly parent: IsoDirectory | undefined;
  readonly children: readonly Identified<IsoNode>[];
}

/**
 * The directories of a tree in the order of the path table, each with its entries as nodes.
 *
 * @throws {TowerError} `unsupported` for what the format or Linux' reader of it cannot express.
 */
export function inventoryOf(tree: FileTree): IsoDirectory[] {
  const nodes = nodesOf(tree);
  const childrenOf = (path: string) =>
    identify(tree.children(path).map((child) => nodes.get(child.path)!), {
      nameOf: ({ entry }) => nameOf(entry.path),
      isDirectory: ({ entry }) => entry.type === "directory",
    });
  const directory = (
    id: string,
    node: IsoNode,
    parent: IsoDirectory | undefined,
  ): IsoDirectory => ({
    id,
    node,
    parent,
    children: childrenOf(node.entry.path),
  });
  const found = [directory("\0", nodes.get("")!, undefined)];
  for (const parent of found) {
    for (const { id, child } of parent.children) {
      if (child.entry.type === "directory") found.push(directory(id, child, parent));
    }
    checkDirectories(found.length);
  }
  return found;
}

function nodesOf(tree: FileTree): Map<string, IsoNode> {
  const links = countLinks(tree);
  const serials = new Map<string, number>();
  const nodes = new Map<string, IsoNode>();
  for (const entry of tree.walk()) {
    checkEntry(entry);
    const target = targetOf(tree, entry);
    const serial = serials.get(target.path) ?? serials.size + 1;
    serials.set(target.path, serial);
    const { type, mode, uid, gid, mtime } = target;
    const posix = { type, mode, uid, gid, mtime, serial, links: links.get(target.path) ?? 1 };
    nodes.set(entry.path, { entry, target, posix });
  }
  return nodes;
}

function targetOf(tree: FileTree, entry: Entry): IsoNode["target"] {
  return entry.type === "hardlink" ? tree.get(entry.target) as FileEntry : entry;
}

/** Names of each file with several, and of each directory: its own two, and a child's to it. */
function countLinks(tree: FileTree): Map<string, number> {
  const links = new Map<string, number>();
  const add = (path: string, first: number) => links.set(path, (links.get(path) ?? first) + 1);
  for (const entry of tree.walk()) {
    if (entry.type === "hardlink") add(entry.target, 1);
    if (entry.type !== "directory") continue;
    links.set(entry.path, 2);
    if (entry.path !== "") add(parentOf(entry.path), 2);
  }
  return links;
}
