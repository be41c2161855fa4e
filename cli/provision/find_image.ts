import { dirname, join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { compareBytes } from "../../lib/bytes/bytes.ts";
import { exists, isFolder, listDir } from "../../lib/files/files.ts";
import { distrusted } from "../../lib/files/strict_modes.ts";

/** `toweros-host-<version>-<YYYYmmddHHMMSS>.img`, compressed or not, as TowerOS names its images. */
const NAME = /^toweros-host-([0-9A-Za-z._+]{1,32})-([0-9]{14})\.img(\.xz|\.zst|\.gz)?$/;
/** Names without version, as manifests of one's own may have. */
const PLAIN_NAMES = ["host.img", "host.img.zst", "host.img.xz", "host.img.gz"];

/** The version that an image's name tells. */
export function imageVersion(name: string): string | undefined {
  return NAME.exec(name)?.[1];
}

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
    listDir(folder).filter((name) => NAME.test(name)).sort(compareImages).reverse()
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
  const map = `${image.replace(/(\.img)\.[a-z]+$/, "$1")}.bmap`;
  return [image, ...[join(dirname(image), "SHA256SUMS"), map].filter(exists)];
}

/** Whether there is anything to tell of. */
function hasImages(folder: string): boolean {
  return listDir(folder).some((name) => NAME.test(name)) || systemFolders(folder).length > 0;
}

/** tower-build makes a folder for each system and architecture. */
function systemFolders(folder: string): string[] {
  return listDir(folder).filter((name) => /^host(-|$)/.test(name))
    .map((name) => join(folder, name)).filter(isFolder);
}

/** By version number, then by time: 0.10 comes after 0.9 (facts E11). Of two forms the plain one. */
export function compareImages(a: string, b: string): number {
  const [, versionA = "", stampA = "", suffixA = ""] = NAME.exec(a) ?? [];
  const [, versionB = "", stampB = "", suffixB = ""] = NAME.exec(b) ?? [];
  return compareVersions(versionA, versionB) || compareBytes(stampA, stampB) ||
    Number(suffixA === "") - Number(suffixB === "") || compareBytes(suffixA, suffixB);
}

/** Part by part, numbers as numbers; a part that is missing counts as 0. */
function compareVersions(a: string, b: string): number {
  const [x, y] = [a.split("."), b.split(".")];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const [, n = "", rest = ""] = /^([0-9]*)(.*)$/.exec(x[i] ?? "0")!;
    const [, m = "", other = ""] = /^([0-9]*)(.*)$/.exec(y[i] ?? "0")!;
    const order = Number(n) - Number(m) || compareBytes(rest, other);
    if (order !== 0) return order;
  }
  return 0;
}
