import { basename, dirname, join } from "@std/path";
import { type Arch, ARCHES } from "../brand.ts";
import type { Env } from "../env.ts";
import { exists, isFolder, listDir, readText } from "../files/files.ts";
import { RECORD_FILE } from "./file_names.ts";
import type { ImageKind } from "./image_kind.ts";
import { compareImages, isHostImage } from "./image_name.ts";
import { type Artifact, type BuildRecord, parseRecord } from "./record.ts";

const RECORD_LIMIT = 64 << 20;

/** A disk image, or a medium that is one too, as it lies in a folder, and what the record beside it says it is for. */
export interface FoundImage extends Pick<Artifact, "loaders" | "partitions"> {
  readonly path: string;
  readonly arch: Arch | undefined;
}

/** Where builds may lie, each in a folder SYSTEM-ARCH: what comes first is looked into first. */
export function buildsFolders({ cwd, cacheDir }: Pick<Env, "cwd" | "cacheDir">): string[] {
  return [join(cwd, "dist"), join(cwd, "builds"), join(cacheDir, "builds")];
}

/** The image of a path, with what the record beside it tells. @throws {TowerError} `malformed` */
export function imageAt(path: string): FoundImage {
  const record = readRecord(dirname(path));
  const disk = record?.artifacts.find(({ file }) => file === basename(path));
  const { loaders, partitions } = disk ?? {};
  return { path, arch: disk && archOf(record), loaders, partitions };
}

/**
 * The images of disks and media of a build that are still there.
 * @param folder Of a system and an architecture; without a record it has none.
 * @throws {TowerError} `malformed`
 */
export function imagesOfBuild(folder: string, kinds: readonly ImageKind[]): FoundImage[] {
  const record = readRecord(folder);
  return (record?.artifacts ?? []).flatMap(({ kind, file, loaders, partitions }) => {
    const path = join(folder, file);
    const isImage = kinds.some((wanted) => wanted === kind);
    return isImage && exists(path) ? [{ path, arch: archOf(record), loaders, partitions }] : [];
  });
}

/** Images of hosts that lie in a folder, as their names tell, the newest first. */
export function namedImages(folder: string): string[] {
  return listDir(folder).filter(isHostImage).sort(compareImages).reverse()
    .map((name) => join(folder, name));
}

/** The folders of builds of hosts' systems: `host-x86_64`, `host-uefi-x86_64`. */
export function hostBuilds(builds: string): string[] {
  return listDir(builds).filter((name) => /^host(-|$)/.test(name))
    .map((name) => join(builds, name)).filter(isFolder);
}

function readRecord(folder: string): BuildRecord | undefined {
  const file = join(folder, RECORD_FILE);
  return exists(file) ? parseRecord(readText(file, RECORD_LIMIT), file) : undefined;
}

function archOf(record: BuildRecord | undefined): Arch | undefined {
  return ARCHES.find((known) => known === record?.arch);
}
