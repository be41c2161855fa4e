import { basename, join } from "@std/path";
import { compareBytes } from "../../lib/format/bytes.ts";
import { TowerError } from "../../lib/errors.ts";
import { hexOf } from "../../lib/format/digest.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { hashFile } from "../../lib/store/artifact_file.ts";
import { exists, listDir, makeDir, removeTree, writeFileAtomic } from "../../lib/store/files.ts";
import { readDeb } from "../lab/deb_archive.ts";
import type { Machine } from "./elf_layout.ts";

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
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * glibc from Debian's packages, through a private configuration of apt: neither the machine's
 * list of architectures nor its package lists change, and no root is needed. Packages that were
 * downloaded before are used again.
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
  const configuration = join(folder, `apt-${machine}.conf`);
  await configureApt(machine, folder, configuration, runner);
  const variables = { APT_CONFIG: configuration };
  await runner.run({ argv: ["apt-get", "update", "-qq"], variables });
  removeTree(packages);
  makeDir(packages);
  await runner.run({ argv: ["apt-get", "download", "-qq", ...PACKAGES], cwd: packages, variables });
}

/** A configuration that is read before the machine's own, for its paths (apt.conf(5)). */
async function configureApt(
  machine: Machine,
  folder: string,
  path: string,
  runner: Runner,
): Promise<void> {
  const sources = join(folder, "sources.list");
  const state = join(folder, `state-${machine}`), cache = join(folder, `cache-${machine}`);
  for (const made of [join(state, "lists/partial"), join(cache, "archives/partial")]) makeDir(made);
  const parts = join(folder, "no-parts");
  makeDir(parts);
  const write = (file: string, text: string) =>
    writeFileAtomic(file, new TextEncoder().encode(text));
  write(sources, await debianSources(runner));
  write(join(state, "status"), "");
  const settings = {
    "Dir::State": state,
    "Dir::State::status": join(state, "status"),
    "Dir::Cache": cache,
    "Dir::Etc::sourcelist": sources,
    "Dir::Etc::sourceparts": parts,
    // The machine's own hooks would touch its caches.
    "Dir::Etc::parts": parts,
    "Dir::Etc::main": "/dev/null",
    "APT::Architecture": DEBIAN_ARCH[machine],
    "APT::Architectures": DEBIAN_ARCH[machine],
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} "${value}";`);
  write(path, [...lines, ...await networkSettings(runner), ""].join("\n"));
}

/** How the machine's apt reaches its servers: proxies and the like. */
async function networkSettings(runner: Runner): Promise<string[]> {
  const { stdout } = await runner.run({ argv: ["apt-config", "dump", "--no-empty"] });
  return new TextDecoder().decode(stdout).split("\n").filter((l) => /^Acquire::https?::/.test(l));
}

/** The Debian repositories that the machine's apt knows, as sources.list(5). */
async function debianSources(runner: Runner): Promise<string> {
  if (!["apt-get", "dpkg-deb"].every((program) => runner.which(program))) {
    throw new TowerError("tool", "Cannot get the C library: no apt-get on this machine", {
      hint: "programs are compiled on Debian or in a container of it",
    });
  }
  const { stdout } = await runner.run({
    argv: [
      ...["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"] as const,
      ...["Created-By: Packages", "Origin: Debian", "Component: main"],
    ],
  });
  const lines = new Set(new TextDecoder().decode(stdout).split("\n").filter((l) => l !== ""));
  if (lines.size === 0) {
    throw new TowerError("tool", "Cannot get the C library: apt knows no repository of Debian", {
      hint: "run: sudo apt-get update",
    });
  }
  const signed = exists(KEYRING) ? `[signed-by=${KEYRING}] ` : "";
  return [...lines].sort(compareBytes).map((line) => `deb ${signed}${line}\n`).join("");
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
