import { TowerError } from "../errors.ts";
import { textOf } from "../tree/content.ts";
import type { ContentReader } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { releasesIn } from "./module_directory.ts";

/** A kernel that a tree holds. */
export interface KernelImage {
  /** What `uname -r` says: the name of its directory in `lib/modules`. */
  readonly release: string;
  /** Path of the image in the tree. */
  readonly image: string;
}

const IMAGE = "boot/vmlinuz-";

/**
 * Finds the kernel of a flavour: `boot/vmlinuz-FLAVOUR`. Its release is what Alpine's kernel
 * packages write to `usr/share/kernel/FLAVOUR/kernel.release`; without that file it is the
 * directory of `lib/modules` that has the flavour's name or ends in it, or the only one.
 *
 * @throws {TowerError} `not-found`; the hint lists the flavours or releases that are there.
 */
export function findKernel(
  tree: FileTree,
  reader: ContentReader,
  flavour: string,
): KernelImage {
  const image = `${IMAGE}${flavour}`;
  if (!tree.file(image)) {
    const there = flavoursIn(tree);
    throw new TowerError("not-found", `Cannot find kernel "${flavour}": there is no "/${image}"`, {
      hint: there.length > 0 ? `There are ${there.join(", ")}` : "No package brings a kernel",
    });
  }
  return { release: releaseOf(tree, reader, flavour), image };
}

/** The flavours whose kernel image is in a tree. */
export function flavoursIn(tree: FileTree): string[] {
  return tree.children(tree.resolve("boot") ?? "boot").flatMap((entry) => {
    const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
    return name.startsWith("vmlinuz-") ? [name.slice("vmlinuz-".length)] : [];
  });
}

function releaseOf(tree: FileTree, reader: ContentReader, flavour: string): string {
  const told = tree.file(`usr/share/kernel/${flavour}/kernel.release`);
  if (told) {
    const release = textOf(reader, told.content, 4096).trim();
    if (/^[A-Za-z0-9][A-Za-z0-9._+~-]*$/.test(release)) return release;
    throw new TowerError(
      "malformed",
      `Cannot read the release of kernel "${flavour}": "${release}" is no release`,
    );
  }
  const all = releasesIn(tree);
  const own = all.filter((r) => r === flavour || r.endsWith(`-${flavour}`));
  const [release, ...others] = own.length > 0 ? own : all;
  if (release === undefined || others.length > 0) {
    throw new TowerError(
      "not-found",
      `Cannot tell the release of kernel "${flavour}": ` +
        (release === undefined ? "there are no modules" : `there are modules of ${all.join(", ")}`),
    );
  }
  return release;
}
