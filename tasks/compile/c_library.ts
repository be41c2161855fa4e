import { basename, join } from "@std/path";
import { hexOf } from "../../lib/bytes/digest.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { hashFile } from "../../lib/files/artifact_file.ts";
import { exists, listDir, makeDir, removeTree } from "../../lib/files/files.ts";
import { readDeb } from "../lab/deb_archive.ts";
import type { Machine } from "./elf_layout.ts";
import { openPrivateApt } from "./private_apt.ts";

/** A Debian package whose files are embedded. */
export interface EmbeddedPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly sha256: string;
  /** Debian's copyright file, with the licences' terms. */
  readonly copyright: string;
}

/** glibc and its helpers for one machine. */
export interface CLibrary {
  /** Shared objects and the loader by file name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly packages: readonly EmbeddedPackage[];
}

const PACKAGES = ["libc6", "libgcc-s1"] as const;
const DEBIAN_ARCH: Readonly<Record<Machine, string>> = { x86_64: "amd64", aarch64: "arm64" };

/**
 * glibc from Debian's packages. Packages that were downloaded before are used again.
 *
 * @param folder Where lists and packages stay between runs.
 * @param isFresh Whether to ask for the newest packages even where some are there.
 * @throws {TowerError} `tool` where the machine has no apt with Debian's repositories.
 */
export async function fetchCLibrary(
  machine: Machine,
  folder: string,
  runner: Runner,
  isFresh = false,
): Promise<CLibrary> {
  const packages = join(folder, machine);
  if (isFresh) removeTree(packages);
  if (debsIn(packages).length !== PACKAGES.length) {
    await download(machine, folder, packages, runner);
  }
  return await readPackages(machine, packages, runner);
}

function debsIn(folder: string): string[] {
  return exists(folder) ? listDir(folder).filter((name) => name.endsWith(".deb")) : [];
}

async function download(
  machine: Machine,
  folder: string,
  packages: string,
  runner: Runner,
): Promise<void> {
  const architecture = DEBIAN_ARCH[machine];
  const apt = await openPrivateApt({
    architecture,
    folder: join(folder, `apt-${machine}`),
    runner,
  });
  removeTree(packages);
  makeDir(packages);
  await apt.download(PACKAGES, packages);
}

async function readPackages(machine: Machine, folder: string, runner: Runner): Promise<CLibrary> {
  const files = new Map<string, Uint8Array>();
  const packages: EmbeddedPackage[] = [];
  for (const name of debsIn(folder)) {
    const path = join(folder, name);
    let copyright = "";
    for (const { path: file, entry, content } of await readDeb(runner, path)) {
      if (entry.type !== "file") continue;
      if (/^(usr\/)?lib\/[a-z0-9_]+-linux-gnu\/[^/]+\.so(\.\d+)*$/.test(file)) {
        files.set(basename(file), content);
      } else if (file.endsWith("/copyright")) copyright = new TextDecoder().decode(content);
    }
    const [stem = "", version = ""] = name.split("_");
    packages.push({
      name: stem,
      version: decodeURIComponent(version),
      architecture: DEBIAN_ARCH[machine],
      sha256: hexOf(hashFile(path)),
      copyright,
    });
  }
  return { files, packages };
}
