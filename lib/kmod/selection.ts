import type { Breathe } from "../breathe.ts";
import { TowerError } from "../errors.ts";
import { compareBytes } from "../bytes/bytes.ts";
import { MODULE_FEATURES } from "./features.ts";
import { isGlob, matchesGlob } from "./glob.ts";
import { infoOf, type KernelModule, moduleName } from "./module.ts";
import { listFile, type ModuleDirectory, moduleFiles, moduleReader } from "./module_directory.ts";

/** Modules that were chosen, with all that they need. */
export interface ModuleSelection {
  /** Paths below the module directory, ordered by bytes: asked for, needed, and soft needs. */
  readonly paths: readonly string[];
  /** Modules to load by name, as asked for; those of globs and features wait for their device. */
  readonly named: readonly string[];
  /** Names below `lib/firmware` that the modules may ask for, ordered by bytes. */
  readonly firmware: readonly string[];
}

/**
 * Chooses modules by `name`, by glob over names (`virtio_*`), by path or glob below the
 * directory (`kernel/fs/ext4`, a directory means all below), or by `@feature`
 * ({@linkcode MODULE_FEATURES}). Adds what `modules.dep` and soft dependencies name; what is
 * built into the kernel needs no file.
 *
 * @throws {TowerError} `not-found` for a name or pattern that is nowhere, with its place, and where
 * `modules.dep` is missing.
 */
export async function selectModules(
  directory: ModuleDirectory,
  wanted: readonly string[],
  breathe: Breathe,
): Promise<ModuleSelection> {
  const catalog = readCatalog(directory);
  const named = new Set<string>();
  const pending: string[] = [];
  for (const [i, pattern] of wanted.entries()) {
    await breathe();
    const found = find(catalog, pattern);
    if (found === undefined) throw unknown(directory, pattern, i);
    pending.push(...found);
    if (!isGlob(pattern) && !/[@/]/.test(pattern)) named.add(moduleName(pattern));
  }
  const chosen = new Map<string, KernelModule>();
  const read = moduleReader(directory);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (chosen.has(name)) continue;
    const { path, needs } = catalog.modules.get(name)!;
    const file = directory.tree.file(`${directory.path}/${path}`)!;
    const module = read(path, file);
    chosen.set(name, module);
    await breathe();
    pending.push(...needs, ...softNeeds(catalog, module));
  }
  const modules = [...chosen.values()];
  return {
    paths: modules.map((m) => m.path).sort(compareBytes),
    named: [...named].filter((name) => chosen.has(name)),
    firmware: [...new Set(modules.flatMap((m) => infoOf(m, "firmware")))].sort(compareBytes),
  };
}

interface Catalog {
  /** By name: the module's path and the names of what it needs. */
  readonly modules: ReadonlyMap<string, { path: string; needs: readonly string[] }>;
  readonly builtin: ReadonlySet<string>;
  /** Alias patterns by module, from `modules.alias`. */
  readonly aliases: readonly (readonly [pattern: string, module: string])[];
}

function readCatalog(directory: ModuleDirectory): Catalog {
  const dep = listFile(directory, "modules.dep");
  if (dep === undefined) {
    throw new TowerError(
      "not-found",
      `Cannot choose modules of kernel "${directory.release}": it has no modules.dep`,
      { hint: 'Put the stage "kernel" before the stage "initramfs"' },
    );
  }
  const needs = new Map(
    dep.split("\n").map((line) => {
      const [path = "", list = ""] = line.split(":");
      return [path, list.split(" ").filter((p) => p !== "").map(moduleName)];
    }),
  );
  const files = moduleFiles(directory);
  const names = new Set(files.map((f) => f.name));
  const builtin = listFile(directory, "modules.builtin") ?? "";
  return {
    modules: new Map(files.map(({ name, path }) => [
      name,
      { path, needs: (needs.get(path) ?? []).filter((n) => names.has(n)) },
    ])),
    builtin: new Set(builtin.split("\n").filter((l) => l !== "").map(moduleName)),
    aliases: (listFile(directory, "modules.alias") ?? "").split("\n").flatMap((line) => {
      const [word, pattern, module] = line.split(" ");
      return word === "alias" && pattern && module && names.has(module) ? [[pattern, module]] : [];
    }),
  };
}

/** Names of modules that a pattern means; none where it is built in; undefined if unknown. */
function find(catalog: Catalog, pattern: string): string[] | undefined {
  if (pattern.startsWith("@")) {
    const members = MODULE_FEATURES.get(pattern.slice(1));
    const found = members?.map((m) => find(catalog, m)).filter((f) => f !== undefined);
    return found && found.length > 0 ? found.flat() : undefined;
  }
  if (pattern.includes("/")) {
    const all = [...catalog.modules];
    const bare = pattern.replace(/\/+$/, "");
    const found = all.filter(([, { path }]) =>
      path.startsWith(`${bare}/`) || matchesGlob(bare, path, "/")
    );
    return found.length > 0 ? found.map(([name]) => name) : undefined;
  }
  if (!isGlob(pattern)) {
    const name = moduleName(pattern);
    if (catalog.modules.has(name)) return [name];
    return catalog.builtin.has(name) ? [] : undefined;
  }
  // A dash in brackets is a range, and names have none: both spellings are one name.
  const found = [...catalog.modules.keys()].filter((name) => matchesGlob(pattern, name));
  if (found.length > 0) return found;
  return [...catalog.builtin].some((name) => matchesGlob(pattern, name)) ? [] : undefined;
}

/**
 * What `softdep` lines of a module name, before and after it: modules or aliases, such as
 * `pre: crc32c`. What the kernel does not have is left out: the need is soft.
 */
function softNeeds(catalog: Catalog, module: KernelModule): string[] {
  const words = infoOf(module, "softdep").flatMap((line) => line.split(/\s+/));
  return words.filter((w) => w !== "" && w !== "pre:" && w !== "post:").flatMap((word) => {
    if (catalog.modules.has(moduleName(word))) return [moduleName(word)];
    return catalog.aliases.filter(([pattern]) => matchesGlob(pattern, word)).map(([, m]) => m);
  });
}

function unknown(directory: ModuleDirectory, pattern: string, place: number): TowerError {
  const features = [...MODULE_FEATURES.keys()].map((f) => `@${f}`).join(", ");
  return new TowerError(
    "not-found",
    `Cannot find kernel module "${pattern}": kernel "${directory.release}" has none of that name`,
    { at: [place], ...(pattern.startsWith("@") ? { hint: `Features are ${features}` } : {}) },
  );
}
