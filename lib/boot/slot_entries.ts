import type { Arch } from "../brand.ts";
import { TowerError } from "../errors.ts";
import { inlineText } from "../tree/content.ts";
import type { Content } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { loaderFiles, systemdBootPath } from "./systemd_boot.ts";

/** The unified kernel image of slot A, from the root of the boot volume; slot B's is beside it. */
export const SLOT_A_PROGRAM = "EFI/tower/a.efi";

/**
 * A systemd-boot that counts starts, out of a tree's packages; gummiboot, as which it began, does not.
 *
 * @throws {TowerError} `not-found`
 */
export function countingLoader(tree: FileTree, arch: Arch): Content {
  const path = systemdBootPath(arch);
  const loader = tree.file(path)?.content;
  if (loader) return loader;
  throw new TowerError("not-found", `Cannot count starts: "/${path}" is not in the tree`, {
    hint: "Add the package systemd-boot; gummiboot does not count",
  });
}

/**
 * The files of an EFI system partition of which systemd-boot starts slot A. It is an entry and no unified
 * image in EFI/Linux, whose place among others its own version decides, not which was written last. The
 * pattern of the default fits entries of slots alone: an image system.efi in EFI/Linux would have no tries.
 */
export function slotBootFiles(
  loader: Content,
  arch: Arch,
  { title, enrols }: { readonly title: string; readonly enrols: boolean },
): Map<string, Content> {
  const entry = `title ${title}, slot a\nsort-key system\nversion 1\nlinux /${SLOT_A_PROGRAM}\n`;
  return loaderFiles(loader, arch, "system-*", enrols).set(
    "loader/entries/system-a.conf",
    inlineText(entry),
  );
}
