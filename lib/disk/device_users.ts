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
 * btrfs of several devices is mounted from one of them, other holders (RAID, LVM, caches) may
 * have no device of their own, and a loop device holds nothing that it is backed by.
 */
export function usersOf(nodes: readonly BlockDevice[], sys = "/sys"): string[] {
  const members = btrfsMembers(sys);
  const backed = loopsBacked(sys);
  const shown = new Set(nodes.map(kernelName));
  return nodes.flatMap((node) => {
    const name = kernelName(node);
    const holders = namesIn(`${sys}/class/block/${name}/holders`).filter((n) => !shown.has(n));
    return [
      ...holders.map((holder) => `${node.path} is held by ${holder}`),
      ...members.has(name) && node.mountPoints.length === 0
        ? [`${node.path} is part of a btrfs that is mounted`]
        : [],
      ...backed.filter(({ by }) => by === node.path)
        .map(({ loop }) => `${node.path} is what /dev/${loop} is made of`),
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

/** Loop devices, each with the path that it is backed by, as the kernel tells it. */
function loopsBacked(sys: string): { readonly loop: string; readonly by: string }[] {
  return namesIn(`${sys}/class/block`).flatMap((loop) => {
    const path = `${sys}/class/block/${loop}/loop/backing_file`;
    return exists(path) ? [{ loop, by: readText(path, LIMIT).trimEnd() }] : [];
  });
}

function namesIn(path: string): string[] {
  return isFolder(path) ? listDir(path) : [];
}
