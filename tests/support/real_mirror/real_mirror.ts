import { join } from "@std/path";
import type { Arch } from "../../../lib/brand.ts";
import { packIndexArchive } from "../../../lib/apk/index_archive.ts";
import { formatIndex } from "../../../lib/apk/index_text.ts";
import { parseDependency } from "../../../lib/apk/dependency.ts";
import { formatProblems, solve } from "../../../lib/apk/solver.ts";
import { loadTrustedKey } from "../../../lib/apk/signature.ts";
import type { IndexedPackage } from "../../../lib/apk/types.ts";
import { listDir } from "../../../lib/files/files.ts";
import { chosenPackages } from "../apk/chosen_packages.ts";
import { packedPackage } from "../build/lab_repository.ts";
import { TEST_KEY } from "../apk/test_keys.ts";
import { readRelease, type Release, REPOSITORIES, type RepositoryName } from "./release_index.ts";
import { repacked } from "./repacked.ts";
import { RASPBERRY_PI, standIn } from "./stand_in.ts";

/**
 * A mirror of a real release: its two repositories with all that their indexes list. Packages that
 * are at hand are the real ones, under the keys of Alpine; those that were asked for and are not
 * at hand are stand-ins; all others are listed without being there. The indexes are signed anew:
 * a stand-in has an identity of its own.
 *
 * For another architecture than a PC's, its name is put over the PC's.
 */
export class RealMirror {
  /** Folder with the keys of Alpine and ours. */
  readonly keysFolder: string;
  readonly repositories: readonly string[];
  /** Names of the packages that are the real ones. */
  readonly real = new Set<string>();
  /** Names of those that are stand-ins. */
  readonly standIns = new Set<string>();
  readonly #release: Release = readRelease();
  readonly #listed: ReadonlyMap<RepositoryName, IndexedPackage[]>;

  constructor(readonly folder: string, readonly arch: Arch) {
    this.repositories = REPOSITORIES.map((name) => join(folder, name));
    for (const path of this.repositories) Deno.mkdirSync(join(path, arch), { recursive: true });
    this.keysFolder = join(folder, "keys");
    Deno.mkdirSync(this.keysFolder);
    const { keysFolder, repositories } = this.#release;
    for (const name of listDir(keysFolder)) {
      Deno.copyFileSync(join(keysFolder, name), join(this.keysFolder, name));
    }
    Deno.writeTextFileSync(join(this.keysFolder, TEST_KEY.trusted.name), TEST_KEY.trusted.pem);
    this.#listed = new Map(
      [...repositories].map(([name, list]) => [name, list.map((item) => ({ ...item, arch }))]),
    );
    if (arch !== "x86_64") this.#listed.get("main")!.push(...raspberryPi(arch));
    this.#publish();
  }

  /** Puts there what the shipped systems of these names need, and what a world needs. */
  async fill(systems: readonly string[], world: readonly string[] = []): Promise<void> {
    const wanted = new Set(this.#closureOf(world));
    for (const system of systems) {
      for (const { name } of (await chosenPackages(system, this)).packages) wanted.add(name);
    }
    for (const [repository, list] of this.#listed) {
      for (const [i, item] of list.entries()) {
        if (!wanted.has(item.name)) continue;
        const { bytes, indexed } = await this.#made(item);
        const path = join(this.folder, repository, this.arch, `${item.name}-${item.version}.apk`);
        Deno.writeFileSync(path, bytes);
        list[i] = { ...indexed, arch: this.arch };
      }
    }
    this.#publish();
  }

  #closureOf(world: readonly string[]): string[] {
    const repositories = [...this.#listed].map(([url, packages]) => ({ url, packages }));
    const solution = solve(world.map(parseDependency), repositories, { arch: this.arch });
    if (!solution.ok) throw new Error(formatProblems(solution.problems));
    return solution.install.map(({ package: { name } }) => name);
  }

  async #made(item: IndexedPackage) {
    const path = this.#release.real.get(`${item.name}-${item.version}`);
    if (path === undefined) {
      this.standIns.add(item.name);
      return packedPackage(standIn(item, this.arch), TEST_KEY);
    }
    this.real.add(item.name);
    const bytes = Deno.readFileSync(path);
    if (this.arch === "x86_64") return { bytes, indexed: item };
    const keys = listDir(this.keysFolder).map((name) =>
      loadTrustedKey(name, Deno.readTextFileSync(join(this.keysFolder, name)))
    );
    return await repacked(bytes, item, keys, this.arch);
  }

  #publish(): void {
    for (const [name, list] of this.#listed) {
      const index = join(this.folder, name, this.arch, "APKINDEX.tar.gz");
      Deno.writeFileSync(index, packIndexArchive(formatIndex(list), name, TEST_KEY.secret));
    }
  }
}

function raspberryPi(arch: Arch): IndexedPackage[] {
  return RASPBERRY_PI.map((told) => {
    const dull = { description: told.name, url: "https://example.org/", license: "GPL-2.0-only" };
    const { indexed } = packedPackage({ ...told, ...dull, arch }, TEST_KEY);
    return { ...indexed, origin: told.name };
  });
}
