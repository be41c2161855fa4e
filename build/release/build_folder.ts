import { resolve } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { exists, isFolder } from "../../lib/files/files.ts";
import { RECORD_FILE } from "../../lib/release/file_names.ts";
import { ReleaseFolder } from "../../lib/release/release_folder.ts";

/**
 * The folder of a build that a user names.
 * @param purpose For messages.
 * @throws {TowerError} `not-found`
 */
export function buildFolder(
  named: string,
  purpose: "verify" | "sign",
  { cwd }: Pick<Env, "cwd">,
): ReleaseFolder {
  const path = resolve(cwd, named);
  const folder = new ReleaseFolder(path);
  if (folder.has(RECORD_FILE)) return folder;
  const cause = isFolder(path)
    ? `it has no ${RECORD_FILE}, so it is no build`
    : exists(path)
    ? "it is a file, not the folder of a build"
    : "there is no such folder";
  throw new TowerError("not-found", `Cannot ${purpose} "${path}": ${cause}`, {
    hint: "name the folder of a build, such as ~/.cache/tower/builds/lab-x86_64",
  });
}
