import { createHash } from "node:crypto";
import type { Digest } from "../brand.ts";
import { digestFromHex, digestOf } from "../bytes/digest.ts";
import { entriesOf } from "./folder_entries.ts";

/**
 * A digest of the program itself: of its sources, or of its version where it is one compiled file,
 * so that a changed writer is never taken for an unchanged one.
 *
 * @param folders Absolute paths of the folders that hold the sources; undefined where it has none.
 */
export function programDigest(version: string, folders: readonly string[] | undefined): Digest {
  if (folders === undefined) return digestOf(version);
  const hash = createHash("sha256");
  for (const folder of folders) addFolder(folder);
  return digestFromHex(hash.digest("hex"));

  function addFolder(folder: string): void {
    for (const { name, type } of entriesOf(folder)) {
      const path = `${folder}/${name}`;
      if (type === "directory") addFolder(path);
      else if (type === "file" && !name.endsWith("_test.ts")) {
        hash.update(`${name}\0`).update(Deno.readFileSync(path)).update("\0");
      }
    }
  }
}
