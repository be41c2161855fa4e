import { isAbsolute, join } from "@std/path";

/** A path as a manifest names it: from the folder of the manifest, or from the root. */
export function namedPath(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}
