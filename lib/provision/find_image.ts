import { dirname, join } from "@std/path";
import type { Env } from "../env.ts";
import { TowerError } from "../errors.ts";
import { bmapFile, SUMS_FILE } from "../release/file_names.ts";
import { compareImages, isHostImage } from "../release/image_name.ts";
import { exists, isFolder, listDir } from "../files/files.ts";
import { distrusted } from "../files/strict_modes.ts";

/** Names without version, as manifests of one's own may have. */
const PLAIN_NAMES = ["host.img", "host.img.zst", "host.img.xz", "host.img.gz"];

/**
 * The image that is asked for, else the newest that nobody but this user and root could have put
 * there.
 *
 * @param tell Is told why an image or folder was passed over.
 * @throws {TowerError} `not-found`, `conflict`
 */
export function findImage(
  image: string | undefined,
  env: Pick<Env, "cwd" | "cacheDir" | "home">,
  tell: (reason: string) => void,
): string {
  if (image !== undefined) return image;
  const folders = [
    join(env.cwd, "dist"),
    join(env.cwd, "builds"),
    join(env.cacheDir, "builds"),
    "/var/towercomputers/builds",
  ];
  const isOwn = (path: string) => {
    const reason = distrusted(path, env.home);
    if (reason !== undefined) tell(`${path} was passed over: ${reason}`);
    return reason === undefined;
  };
  const isOwnImage = (path: string) => filesOf(path).every(isOwn);
  const newest = (folder: string) =>
    listDir(folder).filter((name) => isHostImage(name)).sort(compareImages).reverse()
      .map((name) => join(folder, name)).find(isOwnImage);
  const plain = (folder: string) =>
    PLAIN_NAMES.map((name) => join(folder, name)).filter(exists).find(isOwnImage);
  for (const folder of folders.filter((path) => isFolder(path) && hasImages(path) && isOwn(path))) {
    const found = newest(folder);
    if (found !== undefined) return found;
    const built = systemFolders(folder).filter(isOwn)
      .flatMap((path) => newest(path) ?? plain(path) ?? []);
    if (built.length > 1) {
      throw new TowerError("conflict", `Cannot choose an image: ${built.join(", ")} are there`, {
        hint: "Name the one that fits the host's computer with --image",
      });
    }
    if (built[0] !== undefined) return built[0];
  }
  throw new TowerError("not-found", "Cannot find an image of a host", {
    hint: "Build one with tower-build build host, or name one with --image",
  });
}

/** An image and what says which of its bytes are right, and which are written. */
function filesOf(image: string): string[] {
  return [image, ...[join(dirname(image), SUMS_FILE), bmapFile(image)].filter(exists)];
}

/** Whether there is anything to tell of. */
function hasImages(folder: string): boolean {
  return listDir(folder).some((name) => isHostImage(name)) || systemFolders(folder).length > 0;
}

/** tower-build makes a folder for each system and architecture. */
function systemFolders(folder: string): string[] {
  return listDir(folder).filter((name) => /^host(-|$)/.test(name))
    .map((name) => join(folder, name)).filter(isFolder);
}
