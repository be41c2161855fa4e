import { attempt } from "./file_error.ts";
import { writeAll } from "./whole_file.ts";

/** Writes a file where nothing is, not even a link to nothing; false where something is. */
export function writeNewFile(path: string, text: string): boolean {
  return attempt("write", path, () => {
    try {
      using file = Deno.openSync(path, { write: true, createNew: true });
      writeAll(file, new TextEncoder().encode(text));
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return false;
      throw error;
    }
  });
}
