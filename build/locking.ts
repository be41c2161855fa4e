import type { TrustedKey, UnpackedPackage } from "../lib/apk/types.ts";
import type { SourceContent } from "../lib/archive/entry.ts";
import { TowerError } from "../lib/errors.ts";
import { exists, readText, writeFileAtomic } from "../lib/files/files.ts";
import { loadPackages } from "../lib/packages/package_loader.ts";
import type { PackageRequest } from "../lib/packages/request.ts";
import type { ApkRequest, RepositoriesRequest } from "../lib/packages/resolve_request.ts";
import type { Engine } from "./engine/engine.ts";
import {
  askedSources,
  type Inputs,
  repositoriesRequestOf,
  worldRequestsOf,
} from "./inputs/inputs.ts";
import type { BuildRequest } from "./inputs/request.ts";
import {
  type AskedSource,
  loadSource,
  type NamedSource,
  resolveSource,
  sourceFits,
} from "./kinds/sources.ts";
import {
  apkSourceOf,
  apkSourcesOf,
  formatLock,
  type Lock,
  namedSourceOf,
  namedSourcesOf,
  parseLock,
} from "./plan/lock.ts";
import { loadRequestsOf, resolve } from "./sources/apk.ts";
import { type ApkSource, fits, olderPackages } from "./sources/apk_lock.ts";
import type { Builds, SourcePorts } from "./sources/source.ts";
import type { LoadedSources } from "./engine/sound_sources.ts";

/** A lock that fits what is asked for. */
export interface ChosenLock {
  readonly lock: Lock;
  /** What packages are asked for, by tree. */
  readonly worlds: readonly ApkRequest[];
  /** All packages, where choosing has loaded them. */
  readonly packages: readonly UnpackedPackage[] | undefined;
  /** What the other sources are asked for. */
  readonly asked: readonly AskedSource[];
  readonly ports: SourcePorts;
}

/** What locks are made with beside their inputs. */
interface Means {
  readonly engine: Engine;
  readonly builds: Builds;
  /** Resolves what fits as well. */
  readonly anew?: boolean;
}

/**
 * The lock on file where it fits what is asked for; else a new one, in which only packages or sources
 * that do not fit are chosen anew.
 */
export async function lockFor(
  inputs: Inputs,
  { frozen, keysFolder }: Pick<BuildRequest, "frozen" | "keysFolder">,
  { engine, builds, anew = false }: Means,
): Promise<ChosenLock> {
  const { lockFile } = inputs;
  const before = exists(lockFile) ? parseLock(readText(lockFile, 64 << 20), lockFile) : undefined;
  const from = repositoriesRequestOf(inputs, keysFolder, engine.env, before);
  const worlds = worldRequestsOf(inputs.manifest, from);
  const asked = askedSources(inputs);
  const ports = portsOf(engine, builds);
  const apk = before && fittingPackages(before, worlds);
  const named = before === undefined || before.arch !== inputs.arch ? [] : namedSourcesOf(before)
    .filter((locked) => asked.some((source) => sourceFits(locked, source)));
  const others = asked.filter(({ name }) => !named.some((locked) => locked.name === name));
  const isWhole = apk !== undefined && others.length === 0 &&
    before?.sources.length === apk.length + named.length;
  const chosen = { worlds, asked, ports };
  if (isWhole && !anew) {
    engine.env.explain(`lock ${lockFile} fits`);
    return { ...chosen, lock: before, packages: undefined };
  }
  if (frozen) {
    const why = before ? misfitOf(apk, others) : "it is not there";
    throw new TowerError("stale", `Cannot use lock "${lockFile}": ${why}`, {
      hint: "write it with tower-build lock SYSTEM, or build without --frozen",
    });
  }
  if (before && !anew) {
    const what = [...apk ? [] : ["packages"], ...others.map(({ name }) => `source "${name}"`)];
    const doing = what.length === 0
      ? "leaving out what is not asked for"
      : `choosing ${what.join(", ")} anew`;
    const message = `lock "${lockFile}" no longer fits the manifest; ${doing}`;
    engine.reporter.report({ type: "warning", message });
  }
  const packages = apk && !anew
    ? { sources: apk, packages: undefined }
    : await choosePackages({ inputs, worlds, from, before }, engine);
  const kept = anew ? [] : named;
  const lock: Lock = {
    version: 2,
    arch: inputs.arch,
    sources: [...packages.sources, ...await resolveNamed({ inputs, asked, before, kept }, ports)],
  };
  writeFileAtomic(lockFile, new TextEncoder().encode(formatLock(lock)));
  return { ...chosen, lock, packages: packages.packages };
}

/** The packages of a lock, where it has a source for each world that fits it, and no other. */
function fittingPackages(
  lock: Lock,
  worlds: readonly ApkRequest[],
): readonly ApkSource[] | undefined {
  const sources = apkSourcesOf(lock);
  const areAll = sources.length === worlds.length && worlds.every((world) => {
    const source = apkSourceOf(lock, world.name);
    return source !== undefined && fits(source, lock.arch, world);
  });
  return areAll ? sources : undefined;
}

function misfitOf(
  apk: readonly ApkSource[] | undefined,
  [first]: readonly AskedSource[],
): string {
  if (apk === undefined) return "it was made for other packages, keys or repositories";
  return first
    ? `it was made for another source "${first.name}"`
    : "it has sources that nothing takes";
}

/** Chooses packages anew; what got older since the lock before is told. */
async function choosePackages(
  { inputs, worlds, from, before }: {
    readonly inputs: Inputs;
    readonly worlds: readonly ApkRequest[];
    readonly from: RepositoriesRequest;
    readonly before: Lock | undefined;
  },
  engine: Engine,
): Promise<{ sources: readonly ApkSource[]; packages: readonly UnpackedPackage[] }> {
  const { fetcher, store, reporter } = engine;
  const chosen = await resolve(worlds, from, {
    fetcher,
    store,
    reporter,
    load: (requests) => loadHere(requests, from.keys, engine),
    placeOf: inputs.placeOf,
  });
  const older = chosen.sources.flatMap((now) => {
    const earlier = before && apkSourceOf(before, now.name);
    return earlier ? olderPackages(earlier, now) : [];
  });
  if (older.length > 0) {
    reporter.report({
      type: "warning",
      message: `older than in the last lock: ${older.join(", ")}; a mirror that lags behind, or ` +
        "one that hides updates",
    });
  }
  return chosen;
}

/** The sources that are no packages: those that are kept, and the rest resolved. */
async function resolveNamed(
  { inputs, asked, before, kept }: {
    readonly inputs: Inputs;
    readonly asked: readonly AskedSource[];
    readonly before: Lock | undefined;
    readonly kept: readonly NamedSource[];
  },
  ports: SourcePorts,
): Promise<NamedSource[]> {
  const sources: NamedSource[] = [];
  for (const source of asked) {
    const earlier = kept.find(({ name }) => name === source.name);
    const last = before && namedSourceOf(before, source);
    const resolve = () => resolveSource(source, last, ports);
    sources.push(earlier ?? await placed(source, inputs, resolve));
  }
  return sources;
}

/**
 * Brings what a lock names into the store, where it is not there.
 * @throws {TowerError} `offline` with all that is missing.
 */
export async function loadSources(
  { lock, asked, ports }: ChosenLock,
  inputs: Inputs,
  engine: Engine,
): Promise<LoadedSources> {
  const missing: TowerError[] = [];
  const unlessOffline = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TowerError) || error.code !== "offline") throw error;
      missing.push(error);
      return undefined;
    }
  };
  const apk = apkSourcesOf(lock);
  const requests = loadRequestsOf(apk, lock.arch, inputs.repositories);
  const packages = await unlessOffline(() => loadHere(requests, apk[0]?.keys ?? [], engine)) ?? [];
  const contents = new Map<string, SourceContent>();
  for (const source of asked) {
    const locked = namedSourceOf(lock, source)!;
    const load = () => placed(source, inputs, () => loadSource(locked, source, ports));
    const content = await unlessOffline(load);
    if (content) contents.set(source.name, content);
  }
  const [first] = missing;
  if (first === undefined) return { packages, contents };
  throw new TowerError("offline", missing.map(({ message }) => message).join("\n"), {
    hint: first.hint ?? "Run the command once without --offline",
  });
}

/** Does something with a source; an error says where the manifest has it. */
async function placed<T>(
  { name }: AskedSource,
  { placeError }: Inputs,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw placeError({ source: name }, error);
  }
}

function portsOf({ breathe, env, fetcher, store, reporter }: Engine, builds: Builds): SourcePorts {
  const { runner, signal } = env;
  return { fetcher, store, reporter, runner, signal, breathe, builds };
}

function loadHere(
  requests: readonly PackageRequest[],
  keys: readonly TrustedKey[],
  { store, env, reporter, jobs, offline, patience }: Engine,
): Promise<UnpackedPackage[]> {
  const policy = { offline, patience };
  return loadPackages(requests, { store, policy, keys, jobs, reporter, signal: env.signal });
}
