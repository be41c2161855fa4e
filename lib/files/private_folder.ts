import { attempt } from "./file_error.ts";
import { makeFolders, parentFolder } from "./folders.ts";

/** Makes a folder that only its user can enter; one that is there stays as it is. */
export function privateFolder(path: string): string {
  attempt("make folder", path, () => {
    makeFolders(parentFolder(path));
    try {
      Deno.mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  });
  return path;
}

/** Whether users beside its owner may read or enter what a path names. */
export function openToOthers(path: string): boolean {
  return attempt("look at", path, () => ((Deno.statSync(path).mode ?? 0) & 0o077) !== 0);
}
