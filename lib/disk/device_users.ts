import { exists, isFolder, listDir, readText } from "../store/files.ts";
import type { BlockDevice } from "./devices.ts";

const LIMIT = 4096;

/** Which medium is in a device: the kernel counts them (sysfs, `diskseq`, Linux 5.15). */
export function mediumSequence({ number }: BlockDevice, sys = "/sys"): string {
  const path = `${sys}/dev/block/${number}/diskseq`;
  return exists(path) ? readText(path, LIMIT).trim() : "";
}

/**
 * What uses some of a disk's nodes without being mounted from it or shown as built on it: a
 * btrfs of several devices is mounted from one of them, and other holders (RAID, LVM, caches)
 * may have no device of their own.
 */
export function usersOf(nodes: readonly BlockDevice[], sys = "/sys"): string[] {
  const members = btrfsMembers(sys);
  const shown = new Set(nodes.map(kernelName));
  return nodes.flatMap((node) => {
    const name = kernelName(node);
    const holders = namesIn(`${sys}/class/block/${name}/holders`).filter((n) => !shown.has(n));
    return [
      ...holders.map((holder) => `${node.path} is held by ${holder}`),
      ...members.has(name) && node.mountPoints.length === 0
        ? [`${node.path} is part of a btrfs that is mounted`]
        : [],
    ];
  });
}

/** In sysfs `!` stands for the `/` in a device's name. */
function kernelName({ name }: BlockDevice): string {
  return name.replaceAll("/", "!");
}

function btrfsMembers(sys: string): Set<string> {
  const root = `${sys}/fs/btrfs`;
  return new Set(namesIn(root).flatMap((name) => namesIn(`${root}/${name}/devices`)));
}

function namesIn(path: string): string[] {
  return isFolder(path) ? listDir(path) : [];
}
