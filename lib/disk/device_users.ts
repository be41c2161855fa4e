import { TowerError } from "../errors.ts";
import { exists, isFolder, linkTarget, listDir, readText } from "../files/files.ts";
import type { BlockDevice } from "./block_device.ts";

const LIMIT = 4096;
const MOUNTS_LIMIT = 16 << 20;

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
export function usersOf(
  nodes: readonly BlockDevice[],
  sys = "/sys",
  proc = "/proc",
): string[] {
  const members = btrfsMembers(sys);
  const mounts = mountsOfAll(proc);
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
      ...mountedBy(mounts, node),
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

/** The mounts that a process sees (proc_pid_mountinfo(5)), those of others than this one too. */
interface SeenMounts {
  readonly process: string;
  /** `major:minor` of what is mounted, and its paths. */
  readonly sources: ReadonlySet<string>;
}

/** A process of each mount namespace: a container or service may have mounted what lsblk does not see. */
function mountsOfAll(proc: string): SeenMounts[] {
  const seen = new Set<string | undefined>();
  return namesIn(proc).filter((name) => /^[0-9]+$/.test(name)).flatMap((process) => {
    try {
      const namespace = linkTarget(`${proc}/${process}/ns/mnt`);
      if (namespace === undefined || seen.has(namespace)) return [];
      const lines = readText(`${proc}/${process}/mountinfo`, MOUNTS_LIMIT).split("\n");
      seen.add(namespace);
      const sources = lines.map((line) => line.split(" "))
        .flatMap((words) => [words[2] ?? "", words[words.indexOf("-") + 2] ?? ""]);
      return [{ process, sources: new Set(sources) }];
    } catch (error) {
      // It has ended, or is another user's and tells nobody else.
      if (error instanceof TowerError) return [];
      throw error;
    }
  });
}

function mountedBy(mounts: readonly SeenMounts[], node: BlockDevice): string[] {
  if (node.mountPoints.length > 0) return [];
  const other = mounts.find(({ sources }) => sources.has(node.number) || sources.has(node.path));
  return other === undefined ? [] : [`${node.path} is mounted for process ${other.process}`];
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
