import type { Entry } from "../../../lib/tree/entry.ts";
import { FileTree, nameOf } from "../../../lib/tree/file_tree.ts";
import { randomTree } from "./ext4_trees.ts";

/** libisofs reads no longer link, and Linux one of 4095. */
const LONGEST_LINK = 1000;
/** 1900 to 2155, as one byte of years names them. */
const [FIRST, LAST] = [-2208988800, 5869583999];

/**
 * A tree from a seed with all that Rock Ridge can hold and its readers understand alike: libisofs
 * makes no device of number 0.
 */
export function isoTree(seed: number, limit: number): FileTree {
  const from = randomTree(seed, limit);
  const { mode, uid, gid, mtime, origin } = from.get("")!;
  const to = new FileTree({ mode, uid, gid, mtime, origin });
  for (const entry of from.walk()) if (entry.path !== "") to.put(asIso(entry));
  const deep = Array.from({ length: 12 }, (_, i) => `deep-${i}`).join("/");
  to.putParents(`${deep}/file`, "stage:test", 1);
  const file = {
    mode: 0o600,
    uid: 0,
    gid: 0,
    mtime: 1,
    origin: "stage:test",
    type: "file",
  } as const;
  const names = [`${deep}/file`, "clash-a.txt", "clash_A.txt", "CLASH a.txt", "é".repeat(126)];
  for (const path of names) {
    const bytes = new TextEncoder().encode(`the file ${nameOf(path)}`);
    to.put({ ...file, path, content: { kind: "inline", bytes } });
  }
  return to;
}

function asIso({ xattrs: _, ...entry }: Entry): Entry {
  const mtime = Math.min(Math.max(entry.mtime, FIRST), LAST);
  switch (entry.type) {
    case "symlink":
      return { ...entry, mtime, mode: 0o777, target: entry.target.slice(0, LONGEST_LINK) };
    case "char":
    case "block":
      return { ...entry, mtime, major: 1 + entry.major % 512, minor: entry.minor % 256 };
    default:
      return { ...entry, mtime };
  }
}
