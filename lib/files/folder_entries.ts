import { compareBytes } from "../bytes/bytes.ts";
import { attempt } from "./file_error.ts";

/** What a folder holds. Links are not followed. */
export interface FolderEntry {
  readonly name: string;
  readonly type: "file" | "directory" | "symlink" | "other";
}

/** The entries of a folder, ordered by the bytes of their names. */
export function entriesOf(path: string): FolderEntry[] {
  const entries = attempt("list", path, () => [...Deno.readDirSync(path)]);
  return entries.map((e): FolderEntry => ({
    name: e.name,
    type: e.isFile ? "file" : e.isDirectory ? "directory" : e.isSymlink ? "symlink" : "other",
  })).sort((a, b) => compareBytes(a.name, b.name));
}
