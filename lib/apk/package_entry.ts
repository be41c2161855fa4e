/** One entry of a package's data member, checked: canonical path, parent before child. */
export interface PackageEntry {
  readonly type: "file" | "directory" | "symlink" | "hardlink" | "char" | "block" | "fifo";
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /**
   * Owner's names from the tar header where they are not root's. apk looks them up in the target's
   * passwd and group first; the numbers count only where the name is unknown (src/tar.c).
   */
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly mtime: number;
  /** Bytes of a file's content; 0 for the rest. */
  readonly size: number;
  /** Where a file's content starts in the decompressed data member; 0 for the rest. */
  readonly offset: number;
  /** Target of a symbolic or hard link. */
  readonly target?: string | undefined;
  /** Lower-case hexadecimal SHA-1 of the content, or of a symbolic link's target; verified. */
  readonly sha1?: string | undefined;
  /** Lower-case hexadecimal SHA-256 of a file's content; no package tells it. */
  readonly sha256?: string | undefined;
  /** Full name and base64 value, ordered by name. */
  readonly xattrs?: readonly (readonly [string, string])[] | undefined;
  readonly major?: number | undefined;
  readonly minor?: number | undefined;
}
