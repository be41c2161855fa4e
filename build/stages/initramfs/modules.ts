import type { Breathe } from "../../../lib/breathe.ts";
import { memorySource, readExactly } from "../../../lib/bytes/bytes.ts";
import { packingOf, unpackModule } from "../../../lib/kmod/compression.ts";
import { depmod } from "../../../lib/kmod/depmod.ts";
import { type ModuleDirectory, moduleDirectory } from "../../../lib/kmod/module_directory.ts";
import { selectModules } from "../../../lib/kmod/selection.ts";
import { bytesOf } from "../../../lib/tree/content.ts";
import type { ContentReader } from "../../../lib/tree/entry.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import { transplant } from "./transplant.ts";

/** Lists of the kernel's build that depmod and modprobe read beside the modules. */
const LISTS = ["modules.order", "modules.builtin", "modules.builtin.modinfo"];
/** The kernel takes firmware packed as well (CONFIG_FW_LOADER_COMPRESS). */
const FIRMWARE_SUFFIXES = ["", ".zst", ".xz"];

/** What {@linkcode copyModules} took along. */
export interface CopiedModules {
  /** Modules to load by name, in the order they were asked for. */
  readonly named: readonly string[];
  /** Index files of the modules that were copied, by path in the tree. */
  readonly indexes: ReadonlyMap<string, Uint8Array>;
}

/**
 * Copies modules of a kernel with what they need and the firmware that the tree has for them,
 * and indexes them anew: an index of all modules would name files that are not there.
 *
 * Modules are stored without their own compression: busybox cannot load those of zstd, and the
 * archive as a whole gets smaller.
 *
 * @throws {TowerError} `not-found` for a module that is nowhere.
 */
export async function copyModules(
  from: FileTree,
  to: FileTree,
  reader: ContentReader,
  release: string,
  wanted: readonly string[],
  breathe: Breathe,
): Promise<CopiedModules> {
  const whole = moduleDirectory(from, reader, release);
  const { paths, named, firmware } = await selectModules(whole, wanted, breathe);
  const lists = LISTS.filter((name) => from.file(`${whole.path}/${name}`));
  for (const path of [...lists, ...paths]) transplant(from, to, `${whole.path}/${path}`);
  for (const path of paths) {
    unpackInPlace(to, reader, `${whole.path}/${path}`);
    await breathe();
  }
  linkModules(from, to, whole);
  for (const name of firmware) {
    for (const suffix of FIRMWARE_SUFFIXES) {
      const path = `lib/firmware/${name}${suffix}`;
      if (from.file(path)) transplant(from, to, path);
    }
  }
  const part = moduleDirectory(to, reader, release);
  const indexes = [...(await depmod(part, breathe)).files].map(([name, bytes]) =>
    [`${part.path}/${name}`, bytes] as const
  );
  return { named, indexes: new Map(indexes) };
}

function unpackInPlace(tree: FileTree, reader: ContentReader, path: string): void {
  const packing = packingOf(path);
  const file = tree.file(path);
  if (!file || packing === undefined || packing === "none") return;
  const source = unpackModule(memorySource(bytesOf(reader, file.content)), packing);
  const bytes = readExactly(source, 0, source.size);
  tree.remove(path);
  tree.put({
    ...file,
    path: path.replace(/\.ko\.[a-z]+$/, ".ko"),
    content: { kind: "inline", bytes },
  });
}

/** Makes `lib/modules/RELEASE`, where modprobe and the kernel look, lead to the modules. */
function linkModules(from: FileTree, to: FileTree, { path, release }: ModuleDirectory): void {
  const place = `lib/modules/${release}`;
  const { origin, mtime } = from.get(path)!;
  to.putParents(`${path}/modules.dep`, origin, mtime);
  const link = from.get("lib");
  if (link?.type === "symlink" && !to.get("lib")) to.put(link);
  if (to.resolve(place) === path) return;
  to.putParents(place, origin, mtime);
  to.put({
    type: "symlink",
    path: place,
    target: `/${path}`,
    mode: 0o777,
    uid: 0,
    gid: 0,
    mtime,
    origin,
  });
}
