import { join } from "@std/path";
import { loadTrustedKey } from "../apk/signature.ts";
import type { TrustedKey } from "../apk/types.ts";
import { TowerError } from "../errors.ts";
import { isFolder, listDir } from "../files/files.ts";
import { readOwnText } from "../files/own_file.ts";

/**
 * The keys of a folder. Where it has a folder for the architecture, as /usr/share/apk/keys of
 * Alpine has, those alone: a key that signs for another machine decides nothing here.
 */
export function readKeyFolder(folder: string, arch: string): TrustedKey[] {
  const own = join(folder, arch);
  const from = isFolder(own) && keyNames(own).length > 0 ? own : folder;
  const names = keyNames(from);
  if (names.length === 0) {
    throw new TowerError("not-found", `Cannot find a public key (*.pub) in "${folder}"`);
  }
  return names.map((name) => loadTrustedKey(name, readOwnText(join(from, name), 64 << 10)));
}

function keyNames(folder: string): string[] {
  return listDir(folder).filter((name) => name.endsWith(".pub"));
}
