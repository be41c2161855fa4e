import { basename, join, resolve } from "@std/path";
import { type Arch, ARCHES } from "../../lib/brand.ts";
import { HEAD_SIZE, startsMachine } from "../../lib/boot/boot_sector.ts";
import { unpackImage } from "../../lib/disk/packed_image.ts";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { openDisk } from "../../lib/files/disk_file.ts";
import { exists, isFolder, tempDir } from "../../lib/files/files.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { didYouMean } from "../../lib/report/did_you_mean.ts";
import { buildsFolder, manifestFiles } from "../inputs/inputs.ts";
import { type FoundImage, imageAt } from "../../lib/release/built_images.ts";
import { compressionOf } from "../../lib/release/file_names.ts";
import { findBuild } from "../../lib/release/find_image.ts";
import { IMAGE_KINDS } from "../../lib/release/image_kind.ts";

/**
 * The image that a user names: a file, or a system whose last build lies in the builds folder.
 * @param purpose For messages.
 * @throws {TowerError} `not-found`
 */
export function namedImage(
  asked: string,
  arch: Arch | undefined,
  env: Env,
  purpose: "boot" | "write" = "boot",
): FoundImage {
  const path = resolve(env.cwd, asked);
  if (isFolder(path)) throw unfit(path, "it is a folder", purpose);
  if (exists(path)) return imageAt(path);
  if (!/^[a-z][a-z0-9-]*$/.test(asked)) {
    throw new TowerError("not-found", `Cannot ${purpose} "${path}": it is not there`);
  }
  const builds = buildsFolder(env);
  const arches = arch === undefined ? ARCHES : [arch];
  const [image, ...others] = findBuild(asked, builds, IMAGE_KINDS, arches);
  if (image && others.length > 0) throw severalImages(asked, [image, ...others], purpose);
  if (image) return image;
  const of = arch === undefined ? "" : ` for ${arch}`;
  const meant = didYouMean(asked, manifestFiles(env.cwd).systemNames());
  const message = `Cannot find an image of "${asked}"${of} in "${builds}"${meant}`;
  throw new TowerError("not-found", message, {
    hint: hintTo(asked, arch, env),
  });
}

function severalImages(
  asked: string,
  images: readonly FoundImage[],
  purpose: string,
): TowerError {
  return new TowerError(
    "usage",
    `Cannot ${purpose} "${asked}": its build has ${images.length} images`,
    { hint: `name one: ${images.map(({ path }) => path).join(", ")}` },
  );
}

/** A name that is no system's would only lead to the next refusal. */
function hintTo(asked: string, arch: Arch | undefined, env: Env): string {
  const { systemNames, manifestNames } = manifestFiles(env.cwd);
  const systems = systemNames();
  const own = manifestNames().find((name) => name.replace(/\.ya?ml$/, "") === asked);
  if (own !== undefined) return `build one with: tower-build build ${own}`;
  if (!systems.includes(asked)) {
    return `the systems are ${
      systems.join(", ")
    }; what a manifest FILE.yaml describes is built with ` +
      "tower-build build FILE.yaml";
  }
  return `build one with: tower-build build ${asked}${arch === undefined ? "" : ` --arch ${arch}`}`;
}

/** An image as a machine reads it. */
export interface RawImage extends Disposable {
  readonly path: string;
  /** Whether it is a decompressed copy that goes away with its owner. */
  readonly isCopy: boolean;
}

/**
 * The image itself, or what is in it where it is compressed.
 * @throws {TowerError} `unsupported` where no firmware would find anything to start.
 */
export async function openRawImage(path: string, env: Env): Promise<RawImage> {
  if (compressionOf(path) === undefined) {
    requireBootable(path, path);
    return { path, isCopy: false, [Symbol.dispose]() {} };
  }
  const folder = tempDir();
  try {
    const copy = join(folder.path, "disk.img");
    await unpackTold(path, copy, env);
    requireBootable(copy, path);
    return { path: copy, isCopy: true, [Symbol.dispose]: () => folder[Symbol.dispose]() };
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

async function unpackTold(path: string, copy: string, env: Env): Promise<void> {
  using reporter = reporterFor(env, false);
  const id = `decompress ${path}`;
  const title = `decompress ${basename(path)}`;
  reporter.report({ type: "step", id, title, unit: "bytes" });
  await unpackImage(path, copy, env.runner, env.signal, (done, total) => {
    reporter.report({ type: "progress", id, done, total });
  });
  reporter.report({ type: "done", id });
}

function requireBootable(file: string, image: string): void {
  using disk = openDisk(file, "read");
  const head = new Uint8Array(HEAD_SIZE);
  const length = disk.readAt(0, head);
  if (startsMachine(head.subarray(0, length))) return;
  throw unfit(image, "it has no boot sector, no partition table and no ISO 9660 volume");
}

function unfit(image: string, why: string, purpose = "boot"): TowerError {
  const hint = /\.ya?ml$/.test(image)
    ? `build it first: tower-build build ${image}`
    : "name a disk image, or a system that was built";
  return new TowerError("unsupported", `Cannot ${purpose} "${image}": ${why}`, { hint });
}
