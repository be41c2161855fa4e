import type { Breathe } from "../breathe.ts";
import { TowerError } from "../errors.ts";
import { type ByteSource, memorySource } from "../bytes/bytes.ts";
import { identityOf, sourceOf, textOf } from "../tree/content.ts";
import type { ContentReader, Entry, FileEntry } from "../tree/entry.ts";
import { type FileTree, nameOf } from "../tree/file_tree.ts";
import { packingOf } from "./compression.ts";
import { inHashOrder } from "./hash_order.ts";
import { type KernelModule, moduleName, readModule } from "./module.ts";

/** Most bytes of `modules.order`, `modules.builtin` and `modules.builtin.modinfo`. */
const MAX_LIST = 16 << 20;
/** Bytes of modules that are read as a whole: nine of ten. */
const SMALL_MODULE = 256 << 10;
/** Links to the kernel's source, with objects of their own: depmod leaves them out too. */
const OF_SOURCE = /(?:^|\/)(?:build|source)(?:\/|$)/;
/** Buckets of the table in which kmod keeps modules. */
const MODULE_BUCKETS = 512;

/** A module's file: where it is and what it is called. */
export interface ModuleFile {
  readonly name: string;
  /** Path below the directory. */
  readonly path: string;
  readonly file: FileEntry;
}

/** The modules of one kernel release in a tree (`lib/modules/RELEASE`). */
export interface ModuleDirectory {
  readonly release: string;
  /** Path of the directory in the tree, links resolved. */
  readonly path: string;
  readonly tree: FileTree;
  readonly reader: ContentReader;
}

/** The releases whose modules a tree holds, by `lib/modules` (a link to `usr/lib` is followed). */
export function releasesIn(tree: FileTree): string[] {
  const base = baseOf(tree);
  if (base === undefined) return [];
  return tree.children(base).filter((e) => e.type === "directory").map((e) =>
    e.path.slice(base.length + 1)
  );
}

/** @throws {TowerError} `not-found` when the tree has no modules of that release. */
export function moduleDirectory(
  tree: FileTree,
  reader: ContentReader,
  release: string,
): ModuleDirectory {
  const path = tree.resolve(`${baseOf(tree) ?? "lib/modules"}/${release}`);
  if (path === undefined || tree.get(path)?.type !== "directory") {
    const there = releasesIn(tree);
    throw new TowerError("not-found", `Cannot find modules of kernel "${release}" in the tree`, {
      hint: there.length > 0 ? `There are modules of ${there.join(", ")}` : "There are none at all",
    });
  }
  return { release, path, tree, reader };
}

/** Alpine has `/lib/modules` until 3.21 and `/usr/lib/modules` once `/usr` is merged. */
function baseOf(tree: FileTree): string | undefined {
  for (const path of ["lib/modules", "usr/lib/modules"]) {
    const resolved = tree.resolve(path);
    if (resolved !== undefined && tree.get(resolved)?.type === "directory") return resolved;
  }
  return undefined;
}

/** A list that the kernel's build made, such as `modules.order`; undefined where it is missing. */
export function listFile(directory: ModuleDirectory, name: string): string | undefined {
  const file = directory.tree.file(`${directory.path}/${name}`);
  return file && textOf(directory.reader, file.content, MAX_LIST);
}

/**
 * Module files in the order of depmod: those of `modules.order` as listed, before them the
 * rest, which has no order of its own and comes by kmod's hash. One file per module name: one
 * below `updates/` wins (depmod.d(5)), else the first by bytes of its path.
 */
export function moduleFiles(directory: ModuleDirectory): ModuleFile[] {
  const byName = new Map<string, ModuleFile>();
  for (const found of walkModules(directory)) {
    const other = byName.get(found.name);
    const replaces = other && isUpdate(found) && !isUpdate(other);
    if (!other || replaces) byName.set(found.name, found);
  }
  const files = inHashOrder(byName.keys(), MODULE_BUCKETS).map((name) => byName.get(name)!);
  const order = listFile(directory, "modules.order");
  // depmod takes a last line without its end for a damaged file and ignores all of it.
  if (order === undefined || !order.endsWith("\n")) return files;
  const lines = order.split("\n").slice(0, -1);
  const placeOf = new Map(lines.map((line, i) => [line, i - lines.length]));
  const place = (f: ModuleFile) => placeOf.get(uncompressedPath(f)) ?? 1;
  return files.map((f) => [place(f), f] as const).sort(([a], [b]) => a - b).map(([, f]) => f);
}

/** What the indexes of a directory depend on: its files with their SHA-256, by path. */
export function moduleParts({ tree, path, release }: ModuleDirectory): readonly unknown[] {
  const parts: unknown[] = [release];
  for (const entry of tree.walk(path)) {
    const file = fileOf(tree, entry);
    parts.push([entry.path, entry.type, file ? identityOf(file.content) : null]);
  }
  return parts;
}

/** Reads all modules, in the order of {@linkcode moduleFiles}. */
export async function readModules(
  directory: ModuleDirectory,
  breathe: Breathe,
): Promise<KernelModule[]> {
  const modules: KernelModule[] = [];
  const read = moduleReader(directory);
  for (const { path, file } of moduleFiles(directory)) {
    modules.push(read(path, file));
    await breathe();
  }
  return modules;
}

/** Reads one module after another. */
export function moduleReader(
  { reader }: ModuleDirectory,
): (path: string, file: FileEntry) => KernelModule {
  const buffer = new Uint8Array(SMALL_MODULE);
  return (path, { content }) => readModule(inMemory(sourceOf(reader, content), buffer), path);
}

/** A source that the buffer has room for as one over memory: eight reads cost more than a copy. */
function inMemory(source: ByteSource, buffer: Uint8Array): ByteSource {
  if (source.size > buffer.length) return source;
  const bytes = buffer.subarray(0, source.size);
  for (let done = 0; done < bytes.length;) {
    const n = source.readAt(done, bytes.subarray(done));
    if (n <= 0) return source;
    done += n;
  }
  return memorySource(bytes);
}

function* walkModules(directory: ModuleDirectory): Generator<ModuleFile> {
  const { tree, path: base } = directory;
  for (const entry of tree.walk(base)) {
    const path = entry.path.slice(base.length + 1);
    const name = nameOf(path);
    if (entry.type === "directory" || packingOf(name) === undefined || OF_SOURCE.test(path)) {
      continue;
    }
    const file = fileOf(tree, entry);
    if (file) yield { name: moduleName(name), path, file };
  }
}

/** The file that an entry is or leads to; most are files, whose path need not be followed. */
function fileOf(tree: FileTree, entry: Entry): FileEntry | undefined {
  return entry.type === "file" ? entry : tree.file(entry.path);
}

function isUpdate(module: ModuleFile): boolean {
  return module.path.startsWith("updates/");
}

/** `modules.order` names files as the build made them, before they were compressed. */
function uncompressedPath(module: ModuleFile): string {
  return module.path.replace(/\.ko\.[a-z]+$/, ".ko");
}
