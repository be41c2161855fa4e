import { attempt, fileError } from "./file_error.ts";
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

/** The same beside other work of this program: what a slow device takes its time for. */
export function slowFileAccess(file: Deno.FsFile, path: string) {
  const attempted = async <T>(action: string, operation: () => Promise<T>): Promise<T> => {
    try {
      return await operation();
    } catch (cause) {
      throw fileError(action, path, cause);
    }
  };
  const at = (offset: number) => file.seekSync(offset, Deno.SeekMode.Start);
  return {
    read: (offset: number, into: Uint8Array): Promise<number> =>
      attempted("read", async () => {
        at(offset);
        return into.length === 0 ? 0 : await file.read(into) ?? 0;
      }),
    write: (offset: number, bytes: Uint8Array): Promise<void> =>
      attempted("write", async () => {
        at(offset);
        for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      }),
    sync: (): Promise<void> => attempted("write", () => file.sync()),
  };
}
