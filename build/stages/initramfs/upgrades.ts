import { addVirtualPackage, installedVersion } from "../../../lib/apk/virtual_package.ts";
import type { BlobWriter } from "../../../lib/store/ports.ts";
import { inlineText, textOf } from "../../../lib/tree/content.ts";
import type { ContentReader } from "../../../lib/tree/entry.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";

/** Where programs of packages lie, before the merge of /usr and after. */
const PROGRAM_FOLDERS = ["bin", "sbin", "usr/bin", "usr/sbin"];

/**
 * Programs that triggers of Alpine's packages run to make an initramfs or a loader's settings, and
 * the file by which each is told to leave that alone (mkinitfs.trigger, syslinux.trigger,
 * update-raspberrypi-bootloader; a syslinux.trigger from before its switch heeds `overwrite`).
 */
const REPLACED = [
  {
    program: "mkinitfs",
    settings: "etc/mkinitfs/mkinitfs.conf",
    lines: ["disable_trigger=yes"],
  },
  {
    program: "update-extlinux",
    settings: "etc/update-extlinux.conf",
    lines: ["disable_trigger=1", "overwrite=0"],
  },
  {
    program: "update-raspberrypi-bootloader",
    settings: "etc/update-raspberrypi-bootloader.conf",
    lines: ["disable_trigger=1"],
  },
] as const;

const ORIGIN = "stage:initramfs";

/**
 * Keeps an upgrade of packages on the booted system from parting the kernel, its modules and the
 * initramfs, which were made together: the kernel's package stays as it is, apk says so, and no
 * package's trigger writes another initramfs or other settings of a loader.
 */
export function guardFromUpgrades(
  tree: FileTree,
  reader: ContentReader,
  flavour: string,
  epoch: number,
  blobs: { writer(): BlobWriter },
): void {
  if (!tree.file("lib/apk/db/installed")) return;
  for (const { program, settings, lines } of REPLACED) {
    if (PROGRAM_FOLDERS.some((folder) => tree.file(`${folder}/${program}`))) {
      addSettings(tree, reader, settings, lines, epoch);
    }
  }
  holdKernel(tree, reader, flavour, epoch, blobs);
}

/** Adds lines to a file of settings, unless it decides on triggers already. */
function addSettings(
  tree: FileTree,
  reader: ContentReader,
  path: string,
  lines: readonly string[],
  epoch: number,
): void {
  const existing = tree.file(path);
  const before = existing ? textOf(reader, existing.content, 1 << 20) : "";
  if (/^disable_trigger=/m.test(before)) return;
  const text = [
    ...(before === "" ? [] : [before.trimEnd(), ""]),
    "# /boot was made with the image: nothing of it is made here.",
    ...lines,
    "",
  ].join("\n");
  const entry = existing ?? { type: "file", path, mode: 0o644, uid: 0, gid: 0 } as const;
  tree.putParents(entry.path, ORIGIN, epoch);
  tree.put({ ...entry, mtime: epoch, origin: ORIGIN, content: inlineText(text) });
}

/** Ties the package that brought a kernel to its version, and has apk tell of a newer one. */
function holdKernel(
  tree: FileTree,
  reader: ContentReader,
  flavour: string,
  epoch: number,
  blobs: { writer(): BlobWriter },
): void {
  const origin = tree.file(`boot/vmlinuz-${flavour}`)?.origin ?? "";
  const kernel = /^package:(.+)$/.exec(origin)?.[1];
  const version = kernel && installedVersion(tree, reader, kernel);
  if (!kernel || !version) return;
  const name = `.initramfs-${flavour}`;
  const description = "kernel that the initramfs of this image was made for";
  const held = { name, description, depends: [`${kernel}=${version}`] };
  addVirtualPackage(tree, reader, held, blobs.writer());
  const path = `etc/apk/commit_hooks.d/initramfs-${flavour}`;
  tree.putParents(path, ORIGIN, epoch);
  tree.put({
    ...{ type: "file", path, mode: 0o755, uid: 0, gid: 0, mtime: epoch, origin: ORIGIN },
    content: inlineText(hook(kernel, version)),
  });
}

/** Runs after each change of packages (apk-commit_hooks(5)); reads indexes that are there already. */
function hook(kernel: string, version: string): string {
  return `#!/bin/sh
test "$1" = post-commit || exit 0
newer=$(apk --no-network version -q -l '<' ${kernel} 2>/dev/null)
test -n "$newer" || exit 0
echo "${kernel} stays at ${version}: the initramfs in /boot was made for it."
echo "A newer kernel comes with a newer image: tower-build build, then tower provision."
`;
}
