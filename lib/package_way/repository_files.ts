import type { LinkedPackage } from "../apk/solver.ts";
import { type ByteSource, memorySource } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { indexUrl, packageUrl } from "../packages/repositories.ts";
import type { OfferedFile } from "./deno_package_server.ts";
import { bringPackage, type HostSource, type SourceContext } from "./host_sources.ts";

/** Packages that are fetched at once; the others wait. */
const MOST_LOADING = 4;
/** Most that wait. */
const MOST_WAITING = 64;
/** Most bytes that one host may have fetched: a desktop with all its programs has some 10 GB. */
const MOST_BYTES = 16 * 2 ** 30;

/** A package of the place of its repository among those of its host. */
interface Placed {
  readonly package: LinkedPackage;
  readonly repository: number;
}

/** The path of an index, below the server's name, and its file. */
function indexFiles(
  sources: readonly HostSource[],
  arch: string,
): [string, OfferedFile][] {
  return sources.map(({ index }, i) => [
    indexUrl(`/${i}`, arch),
    { size: index.length, open: () => memorySource(index) },
  ]);
}

/** The path of a package, below the server's name. */
function packagePath({ package: { name, version }, repository }: Placed, arch: string) {
  return packageUrl(`/${repository}`, arch, name, version);
}

/** What a planned change takes, by path: the indexes, and the packages that come. @param files of these */
export function comingFiles(
  coming: readonly Placed[],
  files: readonly OfferedFile[],
  sources: readonly HostSource[],
  arch: string,
): Map<string, OfferedFile> {
  const packages = coming.map((item, i) => [packagePath(item, arch), files[i]!] as const);
  return new Map([...indexFiles(sources, arch), ...packages]);
}

/**
 * All that a host's repositories have, by path: the indexes, and every package that one of them names.
 * A package is fetched when it is asked for, and verified whole before its first byte is seen; what is
 * in the store already is not fetched.
 * @param onLoad is told of a package before it is fetched.
 */
export function repositoryFiles(
  sources: readonly HostSource[],
  context: SourceContext,
  onLoad: (item: LinkedPackage) => void,
): Map<string, OfferedFile> {
  const loader = new Loader(sources, context, onLoad);
  const files = new Map(indexFiles(sources, context.arch));
  sources.forEach(({ packages }, repository) => {
    for (const item of packages) {
      if (item.uninstallable !== undefined) continue;
      const path = packagePath({ package: item, repository }, context.arch);
      if (files.has(path)) continue;
      const open = () => loader.load(path, { package: item, repository });
      files.set(path, { size: item.size, open });
    }
  });
  return files;
}

class Loader {
  readonly #loading = new Map<string, Promise<ByteSource>>();
  readonly #waiting: (() => void)[] = [];
  #lanes = MOST_LOADING;
  #left = MOST_BYTES;

  constructor(
    private readonly sources: readonly HostSource[],
    private readonly context: SourceContext,
    private readonly onLoad: (item: LinkedPackage) => void,
  ) {}

  /** Who asks for the same file meanwhile waits for the same fetch. */
  load(path: string, placed: Placed): Promise<ByteSource> {
    const known = this.#loading.get(path);
    if (known !== undefined) return known;
    const work = this.#loadInLane(placed).finally(() => this.#loading.delete(path));
    this.#loading.set(path, work);
    return work;
  }

  async #loadInLane(placed: Placed): Promise<ByteSource> {
    if (this.#waiting.length >= MOST_WAITING) {
      throw new TowerError("limit", `Cannot fetch more than ${MOST_WAITING} packages at once`);
    }
    if (this.#lanes > 0) this.#lanes--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return this.context.store.open(await this.#bring(placed));
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#lanes++;
      else next();
    }
  }

  #bring({ package: item, repository }: Placed) {
    return bringPackage({ package: item, repository }, this.sources, this.context, () => {
      if (item.size > this.#left) {
        throw new TowerError("limit", `Cannot fetch more than ${MOST_BYTES} bytes for one host`, {
          hint: "End it and open it anew",
        });
      }
      this.#left -= item.size;
      this.onLoad(item);
    });
  }
}
