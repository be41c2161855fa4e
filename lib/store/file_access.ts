import { attempt } from "./file_error.ts";
import { writeAll } from "./whole_file.ts";

/** Reads and writes at offsets of an open file; errors name `path`. */
export function fileAccess(file: Deno.FsFile, path: string) {
  const at = (offset: number) => file.seekSync(offset, Deno.SeekMode.Start);
  return {
    readAt: (offset: number, into: Uint8Array): number =>
      attempt("read", path, () => {
        at(offset);
        return into.length === 0 ? 0 : file.readSync(into) ?? 0;
      }),
    writeAt: (offset: number, bytes: Uint8Array): void =>
      attempt("write", path, () => {
        at(offset);
        writeAll(file, bytes);
      }),
  };
}
