import { compareBytes } from "../../../lib/bytes/bytes.ts";
import { exists } from "../../../lib/files/files.ts";

/** The files below a folder, by their paths from it, in byte order. */
export function filesBelow(folder: string): string[] {
  const files: string[] = [];
  const look = (path: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(`${folder}/${path}`)) {
      if (isDirectory) look(`${path}${name}/`);
      else files.push(path + name);
    }
  };
  if (exists(folder)) look("");
  return files.sort(compareBytes);
}
