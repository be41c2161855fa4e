import { createHash, type Hash } from "node:crypto";
import { TowerError } from "../errors.ts";
import { compareBytes } from "../bytes/bytes.ts";
import { decodeUtf8 } from "../format/pax.ts";
import type { TarEntry, TarHandler } from "../format/tar_reader.ts";
import { isCanonical, nameOf, parentOf } from "../tree/file_tree.ts";
import { type EntryTable, EntryTableBuilder } from "./entry_table.ts";
import type { PackageEntry } from "./package_entry.ts";

/** The PAX record that holds a file's SHA-1 in hexadecimal (apk-v2(5)). */
export const CHECKSUM_RECORD = "APK-TOOLS.checksum.SHA1";
type Known = Pick<PackageEntry, "type" | "path" | "target" | "sha1">;
/** uid_t of Linux without the value that means "none". */
const MAX_ID = 2 ** 32 - 2;

/**
 * Checks the entries of a data member while they are read. What apk-tools reports and leaves out
 * (database.c, apk_db_install_archive_entry) is an error here: a path outside the package, a
 * parent that is no directory of the package, a hard link to something else. What it leaves out
 * without a word is left out here too: hidden entries at the top and `.keep_` files.
 */
export class DataMember implements TarHandler {
  readonly #entries = new EntryTableBuilder();
  /** What is needed again of entries that were read. */
  readonly #byPath = new Map<string, Known>();
  #file:
    | { entry: PackageEntry; checksum: string | undefined; sha1: Hash; sha256: Hash }
    | undefined;

  /** The entries that were read. */
  table(): EntryTable {
    return this.#entries.table();
  }

  entry(tar: TarEntry): void {
    this.#file = undefined;
    const path = tar.type === "directory" ? tar.path.replace(/\/$/, "") : tar.path;
    if (path === "." && tar.type === "directory") return;
    if (!isCanonical(path)) throw malformed(path, "the path is not plain or leaves the package");
    if (isIgnored(path, tar)) return;
    if (this.#byPath.has(path)) throw malformed(path, "it stands twice");
    const parent = parentOf(path);
    if (parent !== "" && this.#byPath.get(parent)?.type !== "directory") {
      throw malformed(path, `"${parent}" is no directory of the package`);
    }
    if (tar.uid > MAX_ID || tar.gid > MAX_ID) throw malformed(path, "its owner is out of range");
    const checksum = checksumOf(tar, path);
    const base = baseOf(tar, path);
    switch (tar.type) {
      case "file":
        this.#file = {
          entry: base,
          checksum,
          sha1: createHash("sha1"),
          sha256: createHash("sha256"),
        };
        return;
      case "symlink":
        return this.#add({ ...base, ...symlink(tar.target, path, checksum) });
      case "hardlink":
        return this.#add({ ...base, ...this.#hardlink(tar.target, path, checksum) });
      case "char":
      case "block":
        return this.#add({ ...base, major: tar.major, minor: tar.minor });
      default:
        this.#add(base);
    }
  }

  content(bytes: Uint8Array): void {
    this.#file?.sha1.update(bytes);
    this.#file?.sha256.update(bytes);
  }

  end(): void {
    if (!this.#file) return;
    const { entry, checksum } = this.#file;
    const sha1 = this.#file.sha1.digest("hex");
    const sha256 = this.#file.sha256.digest("hex");
    this.#file = undefined;
    if (checksum !== undefined && checksum !== sha1) {
      throw new TowerError(
        "untrusted",
        `Cannot use "/${entry.path}": its content does not match its checksum`,
      );
    }
    this.#add({ ...entry, sha1, sha256 });
  }

  #add(entry: PackageEntry): void {
    const { type, path, target, sha1 } = entry;
    this.#entries.add(entry);
    this.#byPath.set(path, { type, path, target, sha1 });
  }

  #hardlink(target: string, path: string, checksum: string | undefined): Partial<PackageEntry> {
    let file = this.#byPath.get(target);
    if (file?.type === "hardlink") file = this.#byPath.get(file.target!);
    // A second name of a symbolic link is as good as a copy of it.
    if (file?.type === "symlink") return { ...symlink(file.target!, path, checksum) };
    if (file?.type !== "file") {
      throw malformed(path, `hard link target "${target}" is no file of the package`);
    }
    if (checksum !== undefined && checksum !== file.sha1) {
      throw malformed(path, "its checksum is not its target's");
    }
    return { target: file.path, sha1: file.sha1! };
  }
}

function symlink(
  target: string,
  path: string,
  checksum: string | undefined,
): Pick<PackageEntry, "type" | "target" | "sha1"> {
  if (target === "" || target.length > 4095 || /[\x00-\x1f\x7f]/.test(target)) {
    throw malformed(path, "its target is not allowed");
  }
  const sha1 = createHash("sha1").update(target).digest("hex");
  if (checksum !== undefined && checksum !== sha1) {
    throw new TowerError(
      "untrusted",
      `Cannot use "/${path}": its target does not match its checksum`,
    );
  }
  return { type: "symlink", target, sha1 };
}

function baseOf(tar: TarEntry, path: string): PackageEntry {
  return {
    type: tar.type,
    path,
    mode: tar.mode,
    uid: tar.uid,
    gid: tar.gid,
    ...owner("user", tar.user),
    ...owner("group", tar.group),
    mtime: tar.mtime,
    size: tar.size,
    offset: tar.type === "file" ? tar.offset : 0,
    ...xattrsOf(tar, path),
  };
}

function owner<K extends "user" | "group">(key: K, name: string): { readonly [k in K]?: string } {
  if (name === "" || name === "root") return {};
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?$/.test(name)) return {};
  return { [key]: name } as { readonly [k in K]: string };
}

function xattrsOf(tar: TarEntry, path: string): Pick<PackageEntry, "xattrs"> {
  if (tar.xattrs.size === 0) return {};
  for (const name of tar.xattrs.keys()) {
    if (!/^[\x21-\x7e]{1,255}$/.test(name)) throw malformed(path, "an attribute has a bad name");
  }
  const names = [...tar.xattrs.keys()].sort(compareBytes);
  return { xattrs: names.map((name) => [name, tar.xattrs.get(name)!.toBase64()] as const) };
}

function checksumOf(tar: TarEntry, path: string): string | undefined {
  const record = tar.pax.get(CHECKSUM_RECORD);
  if (!record) return undefined;
  const text = decodeUtf8(record).toLowerCase();
  if (!/^[0-9a-f]{40}$/.test(text)) throw malformed(path, "its checksum is no SHA-1");
  return text;
}

function isIgnored(path: string, tar: TarEntry): boolean {
  if (path.startsWith(".")) return true;
  return tar.type !== "directory" && /^\.keep_./.test(nameOf(path));
}

function malformed(path: string, cause: string): TowerError {
  return new TowerError("malformed", `Cannot use "${path}" of the data member: ${cause}`);
}
