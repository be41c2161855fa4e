import { TowerError } from "../../errors.ts";
import type { Entry } from "../../tree/entry.ts";
import { sizeOf } from "../../tree/entry.ts";
import { BLOCK_SIZE } from "./geometry.ts";
import { MAX_TIME, MIN_TIME } from "./inode.ts";

/** 2^32 - 1 means "no change" to chown(2) and so names nobody. */
const MAX_ID = 2 ** 32 - 2;
/** What the new encoding of device numbers has room for. */
const MAX_MAJOR = 0xfff;
const MAX_MINOR = 0xfffff;

/** The error for an entry that ext4 cannot hold. */
export function refuse(entry: Entry, why: string): TowerError {
  return new TowerError("unsupported", `Cannot store "/${entry.path}" in ext4: ${why}`);
}

/** Checks what the fields of an inode have room for. @throws {TowerError} `unsupported` */
export function validate(entry: Entry): void {
  const within = (name: string, value: number, low: number, high: number) => {
    if (!Number.isInteger(value) || value < low || value > high) {
      throw refuse(entry, `its ${name} ${value} is not between ${low} and ${high}`);
    }
  };
  within("mode", entry.mode, 0, 0o7777);
  within("uid", entry.uid, 0, MAX_ID);
  within("gid", entry.gid, 0, MAX_ID);
  within("mtime", entry.mtime, MIN_TIME, MAX_TIME);
  if (entry.type === "char" || entry.type === "block") {
    within("major number", entry.major, 0, MAX_MAJOR);
    within("minor number", entry.minor, 0, MAX_MINOR);
  } else if (entry.type === "file") {
    within("size", sizeOf(entry.content), 0, Number.MAX_SAFE_INTEGER);
  } else if (entry.type === "symlink") {
    const { length } = new TextEncoder().encode(entry.target);
    within("target's length", length, 1, BLOCK_SIZE - 1);
    if (entry.target.includes("\0")) throw refuse(entry, "its target holds a NUL");
  }
}
