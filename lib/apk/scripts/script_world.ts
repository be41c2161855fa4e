import { ACCOUNT_FILES, readAccounts, writeAccounts } from "../../accounts/account_files.ts";
import type { Accounts } from "../../accounts/files.ts";
import { NotUnderstood } from "../../shell/host.ts";
import type { ContentReader, Entry, EntryBase, Origin } from "../../tree/entry.ts";
import { childOf, type FileTree, isCanonical, nameOf, parentOf } from "../../tree/file_tree.ts";

/** What a native command does to the tree; throws {@linkcode CommandFailure}. */
export type Action = (world: ScriptWorld) => void;

/** A kind of command: the action of its arguments, or undefined when they are not understood. */
export type Understand = (args: readonly string[]) => Action | undefined;

/** What is there while a script runs: the tree holds the files of later packages already. */
export interface Surroundings {
  readonly tree: FileTree;
  readonly reader: ContentReader;
  /** Seconds since 1970. */
  readonly epoch: number;
  /** Names of the packages that apk unpacks after the script. */
  readonly later: ReadonlySet<string>;
  /** Paths that scripts have written so far. */
  readonly written: Set<string>;
}

/** The system that one script sees: a tree, its accounts, a clock that stands still. */
export class ScriptWorld {
  readonly tree: FileTree;
  readonly reader: ContentReader;
  readonly epoch: number;
  readonly origin: Origin;
  readonly #around: Surroundings;
  /** The accounts as they were read last, and the files that they were read from. */
  #accounts:
    | { readonly value: Accounts; readonly files: readonly (Entry | undefined)[] }
    | undefined;
  /** Entries as they were, in the order of changes. */
  readonly #journal: { readonly path: string; readonly entry: Entry | undefined }[] = [];
  #linked: ReadonlySet<string> | undefined;
  /** Whether users or groups were made or changed. */
  changedAccounts = false;
  /** What was done, for the record. */
  readonly notes = new Set<string>();
  /** Directories of kernel modules whose indexes were asked for. */
  readonly modules = new Set<string>();

  constructor(around: Surroundings, origin: Origin) {
    this.#around = around;
    this.tree = around.tree;
    this.reader = around.reader;
    this.epoch = around.epoch;
    this.origin = origin;
  }

  /** The accounts as the tree's files have them now: scripts also write those themselves. */
  get accounts(): Accounts {
    const files = ACCOUNT_FILES.map((path) => this.tree.file(path));
    if (!this.#accounts?.files.every((file, i) => file === files[i])) {
      this.#accounts = { value: readAccounts(this.tree, this.reader), files };
    }
    return this.#accounts!.value;
  }

  set accounts(after: Accounts) {
    const before = this.accounts;
    for (const path of ACCOUNT_FILES) {
      const place = this.tree.resolve(path);
      if (place !== undefined) this.#journal.push({ path: place, entry: this.tree.get(place) });
    }
    writeAccounts(this.tree, before, after, { origin: this.origin, mtime: this.epoch });
    this.changedAccounts = true;
    const files = ACCOUNT_FILES.map((path) => this.tree.file(path));
    this.#accounts = { value: after, files };
    for (const file of files) if (file) this.#around.written.add(file.path);
  }

  /** Takes back what the script did. */
  undo(): void {
    for (const { path, entry } of this.#journal.splice(0).reverse()) {
      if (entry) this.tree.put(entry);
      else this.tree.remove(path);
    }
  }

  put(entry: Entry): void {
    // A name that a script made up, such as one with the end of a line in it.
    if (!isCanonical(entry.path)) throw new NotUnderstood(`path ${JSON.stringify(entry.path)}`);
    const before = this.tree.get(entry.path);
    if (before && this.isLater(before) && before.type !== "directory") {
      throw new NotUnderstood(`/${entry.path}, which ${before.origin} replaces later`);
    }
    const keepsContent = before?.type === "file" && entry.type === "file" &&
      before.content === entry.content;
    if (before?.type === "file" && !keepsContent && this.#hasOtherNames(entry.path)) {
      throw new NotUnderstood(`a change of /${entry.path}, which has another name`);
    }
    this.#journal.push({ path: entry.path, entry: before });
    this.#around.written.add(entry.path);
    this.tree.put(entry);
  }

  /** Removes an entry that has nothing below it. */
  remove(path: string): void {
    const before = this.tree.get(path);
    if (before?.type === "file" && this.#hasOtherNames(path)) {
      throw new NotUnderstood(`rm of /${path}, which has another name`);
    }
    this.#journal.push({ path, entry: before });
    this.tree.remove(path);
  }

  /** Whether a file has names that are hard links; scripts make none. */
  #hasOtherNames(path: string): boolean {
    this.#linked ??= new Set(
      this.tree.walk().flatMap((entry) => entry.type === "hardlink" ? [entry.target] : []),
    );
    return this.#linked.has(path);
  }

  /** Whether an entry is of a package that apk has not unpacked yet. */
  isLater({ path, origin }: Entry): boolean {
    const [kind, name] = splitOrigin(origin);
    return kind === "package" && this.#around.later.has(name) && !this.#around.written.has(path);
  }

  /**
   * The entry that a path reaches, links followed; its data stands under the entry's path.
   * Directories of later packages are there already: whoever makes one finds it.
   */
  find(path: string): Entry | undefined {
    const place = this.tree.resolve(path);
    const entry = place === undefined ? undefined : this.tree.get(place);
    if (entry === undefined || (entry.type !== "directory" && this.isLater(entry))) {
      return undefined;
    }
    return entry.type === "hardlink" ? this.tree.get(entry.target) : entry;
  }

  /** As {@linkcode find}, and a directory of a later package is not there either. */
  look(path: string): Entry | undefined {
    const entry = this.find(path);
    return entry && this.isLater(entry) ? undefined : entry;
  }

  /** The entry at a path itself, links on the way followed. */
  lookAt(path: string): Entry | undefined {
    if (path === "") return this.tree.get("");
    const parent = this.look(parentOf(path));
    if (parent?.type !== "directory") return undefined;
    const entry = this.tree.get(childOf(parent.path, nameOf(path)));
    return entry && this.isLater(entry) ? undefined : entry;
  }

  /** Properties of a new entry. */
  base(path: string, mode: number): EntryBase {
    return { path, mode, uid: 0, gid: 0, mtime: this.epoch, origin: this.origin };
  }
}

function splitOrigin(origin: Origin): [string, string] {
  const at = origin.indexOf(":");
  return [origin.slice(0, at), origin.slice(at + 1)];
}

/**
 * The tree's path of an argument: absolute, or relative to the root, where apk starts scripts.
 * Undefined for the root itself and all that is not canonical, such as `..`, and for a slash at the
 * end, which asks for a folder and follows a last link.
 */
export function pathOf(argument: string): string | undefined {
  const path = argument.replace(/^\//, "");
  return isCanonical(path) ? path : undefined;
}

/** As {@linkcode pathOf}, where all that can be meant is a folder. */
export function folderOf(argument: string): string | undefined {
  return pathOf(argument.replace(/\/$/, ""));
}

/** The paths of all arguments; undefined without any, or when one is not understood. */
export function pathsOf(args: readonly string[], read = pathOf): string[] | undefined {
  const paths = args.map((arg) => read(arg));
  return paths.length > 0 && paths.every((p) => p !== undefined) ? paths : undefined;
}

/** Trees that the machine fills: what is in them while a script runs nobody knows. */
const OF_THE_MACHINE = /^(?:dev|proc|sys)(?:\/|$)/;

/** The path of an argument that is only looked at. @throws {NotUnderstood} */
export function readablePath(argument: string): string {
  const path = argument === "/" ? "" : folderOf(argument.replace(/\/+/g, "/"));
  if (path === undefined || (OF_THE_MACHINE.test(path) && path !== "dev/null")) {
    throw new NotUnderstood(`path ${JSON.stringify(argument)}`);
  }
  return path;
}
