import { TowerError } from "../errors.ts";
import { attempt, isMissing } from "./file_error.ts";
import { makeFolders, parentFolder } from "./folders.ts";
import { removeStaleFolders, SessionFolder } from "./session_folder.ts";
import { syncFolder, writeAll } from "./whole_file.ts";

/** A file of a folder that is made. */
export interface NewFile {
  /** From the folder; parts of it are folders of mode 0755. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/**
 * Makes a folder with files in it whole, or not at all; only its user may enter it. Modes are exact,
 * whatever the umask, and no file is ever open to more than its mode.
 *
 * @throws {TowerError} `conflict` where something is, even an empty folder
 */
export function makePrivateFolder(path: string, files: readonly NewFile[]): void {
  const parent = parentFolder(path);
  const prefix = `.${path.slice(path.lastIndexOf("/") + 1)}.new-`;
  attempt("make folder", path, () => {
    refuseWhatIsThere("make folder", path);
    makeFolders(parent);
    removeStaleFolders(parent, prefix);
    using folder = SessionFolder.create(parent, prefix);
    for (const { path: name, bytes, mode } of files) {
      const file = `${folder.path}/${name}`;
      makeFolders(parentFolder(file));
      using open = Deno.openSync(file, { write: true, createNew: true, mode: 0o600 });
      writeAll(open, bytes);
      Deno.chmodSync(file, mode);
      open.syncSync();
    }
    for (const name of new Set(files.map((f) => parentFolder(`${folder.path}/${f.path}`)))) {
      syncFolder(name);
    }
    refuseWhatIsThere("make folder", path);
    Deno.renameSync(folder.path, path);
    syncFolder(parent);
  });
}

/**
 * Refuses a place where something is, even a link to nothing.
 * @param action for messages
 * @throws {TowerError} `conflict`
 */
export function refuseWhatIsThere(action: string, path: string): void {
  try {
    Deno.lstatSync(path);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  throw new TowerError("conflict", `Cannot ${action} "${path}": it exists`, {
    hint: "name another one: what is there may be in use, and stays as it is",
  });
}
