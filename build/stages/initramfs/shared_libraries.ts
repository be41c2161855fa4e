import { TowerError } from "../../../lib/errors.ts";
import { dynamicOf, type Elf, interpreterOf, isElf, readElf } from "../../../lib/format/elf.ts";
import { sourceOf, textOf } from "../../../lib/tree/content.ts";
import type { ContentReader } from "../../../lib/tree/entry.ts";
import { type FileTree, nameOf, parentOf } from "../../../lib/tree/file_tree.ts";

/** Debian's directory names for machines, by EM_* number (elf(5)). */
const TRIPLETS: ReadonlyMap<number, string> = new Map([
  [3, "i386-linux-gnu"],
  [40, "arm-linux-gnueabihf"],
  [62, "x86_64-linux-gnu"],
  [183, "aarch64-linux-gnu"],
]);

/** Directories that glibc's loader searches beside those of the triplet (ld.so(8)). */
const GLIBC_DIRECTORIES = ["lib64", "usr/lib64", "lib", "usr/lib"];
/** Directories that musl's loader searches without `/etc/ld-musl-ARCH.path` (ldso/dynlink.c). */
const MUSL_DIRECTORIES = ["lib", "usr/local/lib", "usr/lib"];

/**
 * The interpreter and all shared libraries that a program of the tree needs, at any distance, as
 * paths of the tree under which the loader would find them (links not resolved), in the order
 * of their discovery. Nothing for a static program or what is no ELF file.
 *
 * @throws {TowerError} `not-found` that names the library and who needs it; `malformed`.
 */
export function sharedLibraries(tree: FileTree, reader: ContentReader, path: string): string[] {
  const program = open(tree, reader, path);
  if (!program) return [];
  const interpreter = interpreterOf(program);
  const found = new Set<string>();
  if (interpreter !== undefined) found.add(insideTree(tree, interpreter, path));
  const standard = standardDirectories(tree, reader, program, interpreter);
  const pending: [path: string, elf: Elf][] = [[path, program]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [needer, elf] = next;
    const dynamic = dynamicOf(elf);
    const own = (dynamic?.runpath ?? []).map((p) => originPath(tree, p, needer));
    for (const name of dynamic?.needed ?? []) {
      // The interpreter is loaded already under its own name (both libcs check that first).
      if (interpreter !== undefined && nameOf(interpreter) === name) continue;
      const place = findLibrary(tree, reader, { name, needer, elf }, [...own, ...standard]);
      if (found.has(place)) continue;
      found.add(place);
      const library = open(tree, reader, place);
      if (library) pending.push([place, library]);
    }
  }
  return [...found];
}

interface Wanted {
  readonly name: string;
  readonly needer: string;
  readonly elf: Elf;
}

function findLibrary(
  tree: FileTree,
  reader: ContentReader,
  { name, needer, elf }: Wanted,
  directories: readonly string[],
): string {
  if (name.includes("/")) return insideTree(tree, name, needer);
  for (const directory of directories) {
    const path = `${directory}/${name}`;
    const library = open(tree, reader, path);
    // Both loaders pass over libraries of another machine, such as 32-bit ones.
    if (library?.machine === elf.machine && library.bits === elf.bits) return path;
  }
  throw notFound(name, needer);
}

function standardDirectories(
  tree: FileTree,
  reader: ContentReader,
  { machine }: Elf,
  interpreter: string | undefined,
): string[] {
  const musl = interpreter === undefined ? muslLoader(tree) : nameOf(interpreter);
  const arch = musl && /^ld-musl-([a-z0-9_]+)\.so\.1$/.exec(musl)?.[1];
  if (!arch) {
    const triplet = TRIPLETS.get(machine);
    const own = triplet === undefined ? [] : [`lib/${triplet}`, `usr/lib/${triplet}`];
    return [...own, ...GLIBC_DIRECTORIES];
  }
  const list = tree.file(`etc/ld-musl-${arch}.path`);
  if (!list) return MUSL_DIRECTORIES;
  return textOf(reader, list.content, 4096).split(/[:\n]/).filter((p) => p !== "").map(relative);
}

function muslLoader(tree: FileTree): string | undefined {
  const entries = tree.children(tree.resolve("lib") ?? "lib").map((e) => nameOf(e.path));
  return entries.find((name) => name.startsWith("ld-musl-"));
}

/** A directory of a run path, with `$ORIGIN` as the directory of the file that names it. */
function originPath(tree: FileTree, path: string, needer: string): string {
  const origin = `/${parentOf(tree.resolve(needer) ?? needer)}`;
  return relative(path.replaceAll(/\$ORIGIN|\$\{ORIGIN\}/g, () => origin));
}

function insideTree(tree: FileTree, path: string, needer: string): string {
  if (!tree.file(relative(path))) throw notFound(path, needer);
  return relative(path);
}

function open(tree: FileTree, reader: ContentReader, path: string): Elf | undefined {
  const file = tree.file(path);
  if (!file) return undefined;
  const source = sourceOf(reader, file.content);
  if (!isElf(source)) return undefined;
  try {
    return readElf(source);
  } catch (cause) {
    if (!(cause instanceof TowerError)) throw cause;
    throw new TowerError(cause.code, `Cannot read program "/${path}"`, { cause });
  }
}

function relative(path: string): string {
  return path.replace(/^\/+|\/+$/g, "");
}

function notFound(name: string, needer: string): TowerError {
  return new TowerError("not-found", `Cannot find library "${name}": "/${needer}" needs it`, {
    hint: "Add the package that has it",
  });
}
