import { TowerError } from "../../errors.ts";
import type { Entry } from "../../tree/entry.ts";
import type { FileTree } from "../../tree/file_tree.ts";
import { attributesOf } from "./xattr_table.ts";
import { MOST_IDS, MOST_TARGET } from "./superblock.ts";

const MOST_U32 = 0xffffffff;
const MOST_MAJOR = 0xfff;
const MOST_MINOR = 0xfffff;

/**
 * Refuses a tree that squashfs cannot hold.
 * @throws {TowerError} `unsupported`
 */
export function checkTree(tree: FileTree): void {
  const owners = new Set<number>();
  for (const entry of tree.walk()) {
    const cause = causeAgainst(entry);
    if (cause !== undefined) {
      throw new TowerError("unsupported", `Cannot write "/${entry.path}" to squashfs: ${cause}`);
    }
    if (entry.xattrs) attributesOf(entry.path, entry.xattrs);
    owners.add(entry.uid).add(entry.gid);
    if (owners.size > MOST_IDS) {
      throw new TowerError(
        "unsupported",
        `Cannot write squashfs: its files have more than ${MOST_IDS} users and groups`,
      );
    }
  }
}

function causeAgainst(entry: Entry): string | undefined {
  const { mtime, uid, gid } = entry;
  if (!(mtime >= 0 && mtime <= MOST_U32)) return `its time ${mtime} is not from 1970 to 2106`;
  if (![uid, gid].every((id) => id >= 0 && id <= MOST_U32)) return `its owner is ${uid}:${gid}`;
  if (entry.type === "symlink") {
    const bytes = new TextEncoder().encode(entry.target).length;
    if (bytes === 0 || bytes > MOST_TARGET) return `its target has ${bytes} bytes`;
  }
  if (entry.type === "char" || entry.type === "block") {
    if (entry.major > MOST_MAJOR || entry.minor > MOST_MINOR) {
      return `its device number is ${entry.major}:${entry.minor}`;
    }
  }
  return undefined;
}
