import { depmod } from "../../../lib/kmod/depmod.ts";
import { moduleDirectory } from "../../../lib/kmod/module_directory.ts";
import { selectModules } from "../../../lib/kmod/selection.ts";
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
 * @throws {TowerError} `not-found` for a module that is nowhere.
 */
export function copyModules(
  from: FileTree,
  to: FileTree,
  reader: ContentReader,
  release: string,
  wanted: readonly string[],
): CopiedModules {
  const whole = moduleDirectory(from, reader, release);
  const { paths, named, firmware } = selectModules(whole, wanted);
  const lists = LISTS.filter((name) => from.file(`${whole.path}/${name}`));
  for (const path of [...lists, ...paths]) transplant(from, to, `${whole.path}/${path}`);
  // modprobe looks below /lib, whatever directory that is.
  if (!to.resolve("lib/modules") || !to.get(to.resolve("lib/modules")!)) {
    transplant(from, to, `lib/modules/${release}/${lists[0] ?? paths[0]}`);
  }
  for (const name of firmware) {
    for (const suffix of FIRMWARE_SUFFIXES) {
      const path = `lib/firmware/${name}${suffix}`;
      if (from.file(path)) transplant(from, to, path);
    }
  }
  const part = moduleDirectory(to, reader, release);
  const indexes = [...depmod(part).files].map(([name, bytes]) =>
    [`${part.path}/${name}`, bytes] as const
  );
  return { named, indexes: new Map(indexes) };
}
