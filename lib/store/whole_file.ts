import { fileError, isMissing } from "./file_error.ts";
import { makeFolders, parentFolder } from "./folders.ts";

/** Gives a whole file its mode, whatever the umask, and its name; makes the folders it needs. */
export function publish(temporary: string, path: string, mode: number): void {
  Deno.chmodSync(temporary, mode);
  try {
    Deno.renameSync(temporary, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    makeFolders(parentFolder(path));
    Deno.renameSync(temporary, path);
  }
}

/** Writes all bytes where the file stands. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}

/** Bytes of a file, or undefined where there is none. */
export function sizeOfFile(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw fileError("look at", path, error);
  }
}

/** Removes a file; none is no error. */
export function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
