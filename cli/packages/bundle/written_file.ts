import { resolve } from "@std/path";
import type { Env } from "../../../lib/env.ts";
import { inFolderThere } from "../../../lib/files/files.ts";
import { requireRegular } from "../../../lib/files/regular_file.ts";

/** The path of a file that is to be written: its folder is there, and no device or folder lies in its place. */
export function writtenFile(name: string, { cwd }: Pick<Env, "cwd">): string {
  const path = inFolderThere(resolve(cwd, name));
  requireRegular(path);
  return path;
}
