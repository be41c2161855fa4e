import type { ByteSink, ByteSource } from "../bytes/bytes.ts";
import { attempt } from "./file_error.ts";
import { fileAccess } from "./file_access.ts";
import { requireDisk } from "./regular_file.ts";

/** A disk image that is changed in place. */
export interface DiskFile extends ByteSource, ByteSink, Disposable {
  /** Makes it longer; what is added reads as zeros. Shorter never: partitions would be cut. */
  grow(size: number): void;
}

/** Opens a disk image, for writing too by default. @throws {TowerError} as file operations do. */
export function openDisk(path: string, mode: "read" | "write" = "write"): DiskFile {
  const write = mode === "write";
  requireDisk(path);
  const file = attempt("open", path, () => Deno.openSync(path, { read: true, write }));
  let size = attempt("read", path, () => file.seekSync(0, Deno.SeekMode.End));
  return {
    get size() {
      return size;
    },
    ...fileAccess(file, path),
    grow: (wanted) =>
      attempt("grow", path, () => {
        if (wanted <= size) return;
        file.truncateSync(wanted);
        size = wanted;
      }),
    [Symbol.dispose]: () => file.close(),
  };
}

/** Copies a disk image. The new file belongs to its user alone. */
export function copyDisk(from: string, to: string): void {
  attempt("copy", from, () => {
    requireDisk(from);
    Deno.copyFileSync(from, to);
    Deno.chmodSync(to, 0o600);
  });
}
