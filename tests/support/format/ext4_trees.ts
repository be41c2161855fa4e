/** Trees from a seed with all that ext4 can hold. */
import type { Content, EntryBase } from "../../../lib/tree/entry.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import { emptyTree } from "./ext4_image.ts";
import { type RandomNumbers, randomNumbers } from "../program/random_numbers.ts";

const LETTERS = [..."abcXYZ019-_ .+,;=[]{}#@%é日Ωß🙂"];
const SIZES = [0, 1, 4095, 4096, 4097, 60_000, 300_000];
const TARGET_LENGTHS = [1, 58, 59, 60, 61, 300, 4095];
const TIMES = [0, 1, -5, -(2 ** 31), 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 7, 2 ** 34 - 2 ** 31 - 1];
const IDS = [0, 1, 1000, 65_535, 65_536, 4_000_000_000];
const DEVICES = [0, 1, 255, 256, 4095];

/**
 * An ACL as xattr(7) shows it: user::rwx, user:1000:r--, group::r-x, mask::r-x, other::---.
 * Ids of unnamed entries mean nothing; debugfs shows 0 for them and the kernel 0xffffffff.
 */
const ACL = Uint8Array.from([
  [2, 0, 0, 0],
  [1, 0, 7, 0, 0, 0, 0, 0],
  [2, 0, 4, 0, 0xe8, 3, 0, 0],
  [4, 0, 5, 0, 0, 0, 0, 0],
  [0x10, 0, 5, 0, 0, 0, 0, 0],
  [0x20, 0, 0, 0, 0, 0, 0, 0],
].flat());

/** A tree of up to `limit` entries of every type, with hard names, owners, times and xattrs. */
export function randomTree(seed: number, limit: number): FileTree {
  const random = randomNumbers(seed);
  const tree = emptyTree();
  const directories = [""];
  const files: string[] = [];
  for (let i = 0, n = random.below(limit); i < n; i++) {
    const parent = random.pick(directories);
    const path = (parent === "" ? "" : `${parent}/`) + randomName(random, i);
    if (path.length > 1000) continue;
    const base = randomBase(random, path);
    const kind = random.below(10);
    if (kind < 2) {
      tree.put({ ...base, type: "directory" });
      directories.push(path);
    } else if (kind < 3) {
      const target = "t".repeat(random.pick(TARGET_LENGTHS));
      tree.put({ ...base, type: "symlink", target });
    } else if (kind < 4) {
      const type = random.pick(["char", "block"] as const);
      tree.put({
        ...base,
        type,
        major: random.pick(DEVICES),
        minor: random.pick([...DEVICES, 1048575]),
      });
    } else if (kind < 5) tree.put({ ...base, type: "fifo" });
    else if (kind < 6 && files.length > 0) {
      tree.put({ ...base, type: "hardlink", target: random.pick(files) });
    } else {
      tree.put({ ...base, type: "file", content: randomContent(random) });
      files.push(path);
    }
  }
  return tree;
}

function randomBase(random: RandomNumbers, path: string): EntryBase {
  const base = {
    path,
    mode: random.below(0o10000),
    uid: random.pick(IDS),
    gid: random.pick(IDS),
    mtime: random.pick(TIMES),
    origin: "stage:test",
  } as const;
  return random.below(3) > 0 ? base : { ...base, xattrs: randomXattrs(random) };
}

function randomXattrs(random: RandomNumbers): Map<string, Uint8Array> {
  const xattrs = new Map<string, Uint8Array>();
  for (let i = 0, n = random.below(5); i < n; i++) {
    const prefix = random.pick(["user", "trusted", "security"]);
    const name = `${prefix}.${random.pick(["a", "bc", "def"])}${"n".repeat(random.below(20))}`;
    const length = random.pick([1, 3, 4, 20, 33, 500]);
    xattrs.set(name, Uint8Array.from({ length }, () => random.below(256)));
  }
  if (random.below(4) === 0) xattrs.set("system.posix_acl_access", ACL);
  return xattrs;
}

function randomContent(random: RandomNumbers): Content {
  const length = random.pick(SIZES);
  const first = random.below(256);
  return { kind: "inline", bytes: Uint8Array.from({ length }, (_, i) => first + i * 7 + (i >> 9)) };
}

/** A name that ends in its number, so that none comes twice. */
function randomName(random: RandomNumbers, number: number): string {
  const length = random.below(random.pick([3, 12, 40, 200]));
  let name = "n";
  while (new TextEncoder().encode(name).length < length) name += random.pick(LETTERS);
  return `${name}${number}`;
}
