import { readAccounts, writeAccounts } from "../../accounts/account_files.ts";
import type { Accounts } from "../../accounts/files.ts";
import type { ContentReader, Entry, EntryBase, Origin } from "../../tree/entry.ts";
import { type FileTree, isCanonical } from "../../tree/file_tree.ts";

/** A command that ends with a status other than 0, as the real program would. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
}

/** What a native command does to the tree; throws {@linkcode CommandFailure}. */
export type Action = (world: ScriptWorld) => void;

/** A kind of command: the action of its arguments, or undefined when they are not understood. */
export type Understand = (args: readonly string[]) => Action | undefined;

/** The system that a script sees: a tree, its accounts, a clock that stands still. */
export class ScriptWorld {
  readonly tree: FileTree;
  readonly reader: ContentReader;
  readonly epoch: number;
  readonly origin: Origin;
  readonly #before: Accounts;
  accounts: Accounts;
  /** What was done, for the record. */
  readonly notes = new Set<string>();

  constructor(tree: FileTree, reader: ContentReader, epoch: number, origin: Origin) {
    this.tree = tree;
    this.reader = reader;
    this.epoch = epoch;
    this.origin = origin;
    this.#before = this.accounts = readAccounts(tree, reader);
  }

  /** Puts changed accounts into the tree. */
  close(): void {
    const by = { origin: this.origin, mtime: this.epoch };
    writeAccounts(this.tree, this.#before, this.accounts, by);
  }

  /** The entry that a path reaches, links followed; its data stands under the entry's path. */
  find(path: string): Entry | undefined {
    const place = this.tree.resolve(path);
    const entry = place === undefined ? undefined : this.tree.get(place);
    return entry?.type === "hardlink" ? this.tree.get(entry.target) : entry;
  }

  /** Properties of a new entry. */
  base(path: string, mode: number): EntryBase {
    return { path, mode, uid: 0, gid: 0, mtime: this.epoch, origin: this.origin };
  }
}

/**
 * The tree's path of an argument: absolute, or relative to the root, where apk starts scripts.
 * Undefined for the root itself and all that is not canonical, such as `..`.
 */
export function pathOf(argument: string): string | undefined {
  const path = argument.replace(/^\//, "").replace(/\/$/, "");
  return isCanonical(path) ? path : undefined;
}

/** The paths of all arguments; undefined without any, or when one is not understood. */
export function pathsOf(args: readonly string[]): string[] | undefined {
  const paths = args.map(pathOf);
  return paths.length > 0 && paths.every((p) => p !== undefined) ? paths : undefined;
}
