import { TowerError } from "../../../lib/errors.ts";
import { bytesOf } from "../../../lib/tree/content.ts";
import type { ContentReader, EntryBase } from "../../../lib/tree/entry.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";

/** Where packages put it: Debian and Alpine, after the merge of `/usr`, Alpine's static build. */
const PLACES = ["bin/busybox", "usr/bin/busybox", "bin/busybox.static"];

/** What `init.sh` calls. A busybox without one of these is refused. */
export const NEEDED_APPLETS: readonly string[] = [
  ...["cat", "dd", "find", "findfs", "hexdump", "ls", "modprobe", "mount", "readlink", "reboot"],
  ...["sed", "sh", "sleep", "sort", "switch_root", "tr", "umount", "usleep", "xargs"],
];

/** The path of busybox in a tree. @throws {TowerError} `not-found`. */
export function findBusybox(tree: FileTree): string {
  const path = PLACES.find((p) => tree.file(p));
  if (path !== undefined) return path;
  throw new TowerError("not-found", "Cannot make the initramfs: the tree has no busybox", {
    hint: "Add the package busybox",
  });
}

/**
 * The applets that a busybox binary has of those named. Its table of names is a run of texts
 * that end in NUL (busybox include/applet_tables.h), so nothing has to be run to know.
 *
 * @throws {TowerError} `unsupported` when one of `needed` is missing.
 */
export function appletsOf(
  tree: FileTree,
  reader: ContentReader,
  path: string,
  needed: readonly string[],
  wished: readonly string[],
): string[] {
  const text = new TextDecoder("latin1").decode(bytesOf(reader, tree.file(path)!.content));
  // A search for each name would meet every NUL of the program.
  const names = new Set(text.match(/(?<=\0)[\w.[-]+(?=\0)/g));
  const has = (name: string) => names.has(name);
  const missing = needed.filter((name) => !has(name));
  if (missing.length > 0) {
    throw new TowerError(
      "unsupported",
      `Cannot make the initramfs: "/${path}" has no ${missing.join(", ")}`,
    );
  }
  return [...needed, ...wished.filter(has)];
}

/**
 * Links applets to busybox in `/bin`, and in `/sbin` what the kernel itself runs. What is there
 * already stays: a real `modprobe` or `mount` is preferred.
 */
export function linkApplets(
  tree: FileTree,
  busybox: string,
  applets: readonly string[],
  owned: Omit<EntryBase, "path" | "mode">,
): void {
  const links = [...applets.map((a) => `bin/${a}`), "bin/busybox", "sbin/modprobe"];
  for (const link of links) {
    const path = tree.resolve(link) ?? link;
    const elsewhere = ["sbin", "usr/sbin", "usr/bin"].some((d) =>
      link.startsWith("bin/") && link !== "bin/busybox" && tree.file(`${d}/${link.slice(4)}`)
    );
    if (elsewhere || tree.get(path)) continue;
    tree.putParents(path, owned.origin, owned.mtime);
    tree.put({ ...owned, type: "symlink", path, mode: 0o777, target: `/${busybox}` });
  }
}
