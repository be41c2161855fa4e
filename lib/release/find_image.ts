import { dirname, join } from "@std/path";
import { type Arch, ARCHES } from "../brand.ts";
import type { Env } from "../env.ts";
import { TowerError } from "../errors.ts";
import { exists, isFolder } from "../files/files.ts";
import { distrusted } from "../files/strict_modes.ts";
import {
  buildsFolders,
  type FoundImage,
  hostBuilds,
  imagesOfBuild,
  namedImages,
} from "./built_images.ts";
import type { ImageKind } from "./image_kind.ts";
import { bmapFile, RECORD_FILE, SUMS_FILE } from "./file_names.ts";

/** Where TowerOS' tools put images for all users. */
const SHARED_BUILDS = "/var/towercomputers/builds";

/**
 * The images of a system's last build: of the first architecture that it was built for.
 * @throws {TowerError} `malformed` for a record that is none.
 */
export function findBuild(
  system: string,
  builds: string,
  kinds: readonly ImageKind[],
  arches: readonly Arch[] = ARCHES,
): FoundImage[] {
  return arches.map((arch) => imagesOfBuild(join(builds, `${system}-${arch}`), kinds))
    .find(({ length }) => length > 0) ?? [];
}

/**
 * The newest image for hosts that nobody but this user and root could have put there. Only what is
 * trusted is read.
 *
 * @param tell Is told why an image or folder was passed over.
 * @throws {TowerError} `not-found`; `conflict` where there are images for several computers
 */
export function findHostImage(
  env: Pick<Env, "cwd" | "cacheDir" | "home">,
  tell: (reason: string) => void,
): string {
  const isOwn = (path: string) => {
    const reason = distrusted(path, env.home);
    if (reason !== undefined) tell(`${path} was passed over: ${reason}`);
    return reason === undefined;
  };
  const isOwnImage = (path: string) => filesOf(path).every(isOwn);
  const newest = (folder: string) => namedImages(folder).find(isOwnImage);
  const imagesIn = (folder: string) => {
    const record = join(folder, RECORD_FILE);
    if (!exists(record)) return newest(folder) ?? [];
    return isOwn(record)
      ? imagesOfBuild(folder, ["disk"]).map(({ path }) => path).filter(isOwnImage)
      : [];
  };
  const folders = [...buildsFolders(env), SHARED_BUILDS];
  for (const folder of folders.filter((path) => isFolder(path) && hasImages(path) && isOwn(path))) {
    const found = newest(folder);
    if (found !== undefined) return found;
    const built = hostBuilds(folder).filter(isOwn).flatMap(imagesIn);
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
  return namedImages(folder).length > 0 || hostBuilds(folder).length > 0;
}
