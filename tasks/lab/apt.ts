import { join } from "@std/path";
import type { Arch } from "../../lib/brand.ts";
import { TowerError } from "../../lib/errors.ts";
import { hexOf } from "../../lib/bytes/digest.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { hashFile } from "../../lib/files/artifact_file.ts";
import { openPrivateLists } from "../compile/private_apt.ts";
import type { PackageSource } from "./closure.ts";
import { type DebianPackage, parsePackages } from "./control.ts";

/** Debian's names of Alpine's architectures. */
const DEBIAN_ARCH: Readonly<Record<Arch, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
  armv7: "armhf",
};
/** Where Debian has the firmware of the Raspberry Pi, which nothing free replaces. */
const FIRMWARE = "non-free-firmware";
/** What `apt-cache show` prints for the largest set, with room to spare. */
const OUTPUT_LIMIT = 64 << 20;

/** Debian's packages for one architecture. */
export interface Apt {
  readonly runner: Runner;
  /** Debian's name of it. */
  readonly architecture: string;
  /** What makes apt's programs look at lists other than the machine's own. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * The machine's own apt where it is of the architecture asked for; else package lists of their
 * own, so that the machine's architectures and lists stay as they are.
 *
 * @param folder For such lists.
 * @param warn Is told what such lists lack.
 * @throws {TowerError} `tool` when apt is missing or knows no packages.
 */
export async function openApt(
  runner: Runner,
  arch: Arch,
  folder: string,
  warn: (message: string) => void,
): Promise<Apt> {
  await assertAptReady(runner);
  const architecture = DEBIAN_ARCH[arch];
  const { stdout } = await runner.run({ argv: ["dpkg", "--print-architecture"] });
  if (new TextDecoder().decode(stdout).trim() === architecture) {
    return { runner, architecture, variables: {} };
  }
  const components = [FIRMWARE];
  const variables = await openPrivateLists({ architecture, folder, components, runner, warn });
  return { runner, architecture, variables };
}

/** @throws {TowerError} `tool` when apt is missing or knows no packages. */
export async function assertAptReady(runner: Runner): Promise<void> {
  const hint = "run apt-get update as root, or use --repository URL --keys DIR with a real mirror";
  for (const program of ["apt-cache", "apt-get", "dpkg-deb"]) {
    if (runner.which(program) === undefined) {
      throw new TowerError("tool", `Cannot make the lab repository: "${program}" is missing`, {
        hint: "the lab is made from Debian's packages, on Debian or a relative of it",
      });
    }
  }
  const { stdout } = await runner.run({
    argv: ["apt-cache", "show", "--no-all-versions", "libc6"],
    okCodes: [0, 100],
  });
  if (stdout.length === 0) {
    throw new TowerError("tool", "Cannot make the lab repository: apt has no package lists", {
      hint,
    });
  }
}

/** Looks packages up in apt's lists; a name that apt does not know, or only as virtual, is absent. */
export function aptSource({ runner, architecture, variables }: Apt): PackageSource {
  return async (names) => {
    const { stdout } = await runner.run({
      argv: ["apt-cache", "show", "--no-all-versions", ...names],
      okCodes: [0, 100],
      variables,
    }, { outputLimit: OUTPUT_LIMIT });
    const found = parsePackages(new TextDecoder().decode(stdout));
    return found.filter((p) => p.architecture === architecture || p.architecture === "all");
  };
}

/** File name of a package's .deb, as `apt-get download` makes it. */
export function debFileName({ name, version, architecture }: DebianPackage): string {
  return `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`;
}

/**
 * Downloads the .debs that are not in the folder yet. No root is needed.
 * @throws {TowerError} `tool`, or `untrusted` when a file is not what the lists promise.
 */
export async function downloadDebs(
  apt: Apt,
  packages: readonly DebianPackage[],
  folder: string,
): Promise<void> {
  const missing = packages.filter((p) => !isThere(join(folder, debFileName(p))));
  // In portions, as a command line has a limit.
  for (let at = 0; at < missing.length; at += 100) {
    const specs = missing.slice(at, at + 100).map((p) => `${p.name}=${p.version}`);
    await fetchDebs(apt, specs, folder);
  }
  for (const one of missing) {
    const path = join(folder, debFileName(one));
    if (hexOf(hashFile(path)) !== one.sha256) {
      Deno.removeSync(path);
      throw new TowerError(
        "untrusted",
        `Cannot use "${path}": it is not what apt's lists promise`,
        {
          hint: "run apt-get update as root and try again",
        },
      );
    }
  }
}

async function fetchDebs(
  { runner, variables }: Apt,
  specs: readonly string[],
  cwd: string,
): Promise<void> {
  try {
    // Without the option root's apt wants to write as a user that may not enter the folder.
    const quiet = ["-qq", "-o", "APT::Sandbox::User=root"];
    await runner.run({ argv: ["apt-get", "download", ...quiet, ...specs], cwd, variables });
  } catch (cause) {
    throw new TowerError("tool", "Cannot download Debian's packages", {
      cause,
      hint: "lists that are too old name packages that are gone: run apt-get update as root",
    });
  }
}

/** Removes the .debs that no package of the set is made of any more. */
export function removeOldDebs(packages: Iterable<DebianPackage>, folder: string): void {
  const wanted = new Set([...packages].map(debFileName));
  for (const { name } of Deno.readDirSync(folder)) {
    if (name.endsWith(".deb") && !wanted.has(name)) Deno.removeSync(join(folder, name));
  }
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
