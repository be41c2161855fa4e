import { readIndexArchive } from "../apk/index_archive.ts";
import { parseIndex } from "../apk/index_text.ts";
import type { Repository } from "../apk/solver.ts";
import type { TrustedKey } from "../apk/types.ts";
import type { Digest } from "../brand.ts";
import type { ByteSource } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import type { Fetcher } from "../fetch/port.ts";
import { fetchIndex, rollbackOf } from "../packages/fetched_index.ts";
import { fetchPackage, storedPackage } from "../packages/package_load.ts";
import { type Coming, labelOf } from "../packages/package_change.ts";
import { indexUrl, packageUrl, type RepositorySpec } from "../packages/repositories.ts";
import { count } from "../report/quantity.ts";
import type { Reporter } from "../report/event.ts";
import { shownUrl } from "../report/shown_url.ts";
import type { FileStore } from "../store/content_store.ts";
import type { OfferedFile } from "./deno_package_server.ts";
import { keepIndex } from "./kept_indexes.ts";

/** A repository of a host, its index verified. */
export interface HostSource extends Repository {
  /** The file as it came: what the host is given, and verifies again. */
  readonly index: Uint8Array;
}

export interface SourceContext {
  readonly arch: string;
  readonly keys: readonly TrustedKey[];
  readonly fetcher: Fetcher;
  readonly store: FileStore;
  readonly reporter: Reporter;
}

/**
 * Fetches and verifies the indexes of a host's repositories.
 * @param allowOld Takes an index that is older than one that was read before.
 * @throws {TowerError} `untrusted` where one is not signed by the host's keys, or is old.
 */
export async function readSources(
  specs: readonly RepositorySpec[],
  context: SourceContext,
  allowOld: boolean,
): Promise<HostSource[]> {
  return await Promise.all(specs.map(async (spec) => {
    const index = await fetchIndex(spec.url, context.arch, context.fetcher);
    const packages = verifiedPackages(spec, index, context);
    const newest = packages.reduce((most, p) => Math.max(most, p.buildTime ?? 0), 0);
    requireNoOlder(spec, newest, context, allowOld);
    keepIndex(indexUrl(spec.url, context.arch), index, context.store);
    return { url: spec.url, ...spec.tag === undefined ? {} : { tag: spec.tag }, packages, index };
  }));
}

/** What an index lists. @throws {TowerError} with the repository's name */
function verifiedPackages({ url }: RepositorySpec, index: Uint8Array, { keys }: SourceContext) {
  try {
    return parseIndex(readIndexArchive(index, keys).indexText);
  } catch (cause) {
    if (!(cause instanceof TowerError)) throw cause;
    const message = `Cannot use repository "${shownUrl(url)}": its index is refused`;
    throw new TowerError(cause.code, message, {
      cause,
      hint: "One of the keys in the host's /etc/apk/keys must have signed it, whole as it comes",
    });
  }
}

function requireNoOlder(
  { url }: RepositorySpec,
  newest: number,
  { arch, store, reporter }: SourceContext,
  allowOld: boolean,
): void {
  const rollback = rollbackOf(url, arch, newest, store);
  if (rollback === undefined) return;
  const why =
    `the newest package of its index is of ${rollback.newest}, of one that was read before ` +
    `of ${rollback.before}`;
  if (allowOld) {
    return reporter.report({ type: "warning", message: `"${shownUrl(url)}" is old: ${why}` });
  }
  throw new TowerError("untrusted", `Cannot use repository "${shownUrl(url)}": ${why}`, {
    hint: "A mirror that lags behind, or a router that hides updates; --allow-old takes it",
  });
}

/**
 * Refuses where a package that comes is not in the store.
 * @throws {TowerError} `offline` with their names.
 */
export function requireStored(
  coming: readonly Coming[],
  sources: readonly HostSource[],
  context: SourceContext,
): void {
  const lacking = notStored(coming, sources, context);
  if (lacking.length === 0) return;
  throw new TowerError(
    "offline",
    `Cannot do it offline: the cache lacks ${namesOf(lacking)}`,
    {
      hint:
        "Without --offline they are fetched by way of the router; tower cache lists what is here",
    },
  );
}

/** Packages that come and are not in the store. */
export function notStored(
  coming: readonly Coming[],
  sources: readonly HostSource[],
  context: Pick<SourceContext, "arch" | "keys" | "store">,
): Coming[] {
  return coming.filter((item) => storedFile(item, sources, context) === undefined);
}

/** Most names that are told. */
const MOST_NAMED = 10;

/** Packages in a message. */
export function namesOf(coming: readonly Coming[]): string {
  const names = coming.slice(0, MOST_NAMED).map((item) => labelOf(item.package));
  const more = coming.length > MOST_NAMED ? ` and ${coming.length - MOST_NAMED} more` : "";
  return `${names.join(", ")}${more}`;
}

/** The file of a package, verified, in the store. */
export interface LoadedFile extends OfferedFile {
  readonly digest: Digest;
  readonly open: () => ByteSource;
}

/** Packages on their way at once: several hide the network's delay. */
const IN_FLIGHT = 4;

/**
 * Brings packages into the store, each verified whole: identity, signature, hashes. What is there is
 * not fetched again.
 * @returns each file, by its place in `coming`.
 */
export async function loadComing(
  coming: readonly Coming[],
  sources: readonly HostSource[],
  context: SourceContext,
): Promise<LoadedFile[]> {
  const { store, reporter } = context;
  const total = coming.reduce((sum, c) => sum + c.package.size, 0);
  reporter.report({ type: "step", id: "load", title: "Load packages", total, unit: "bytes" });
  const files: LoadedFile[] = [];
  let done = 0, next = 0;
  const lane = async () => {
    for (let i; (i = next++) < coming.length;) {
      const { size } = coming[i]!.package;
      const digest = await bringPackage(coming[i]!, sources, context);
      reporter.report({ type: "progress", id: "load", done: done += size, total });
      files[i] = { size, digest, open: () => store.open(digest) };
    }
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, coming.length) }, lane));
  reporter.report({ type: "done", id: "load", note: count(coming.length, "package") });
  return files;
}

/**
 * Brings a package into the store, verified whole; one that is there is not fetched again.
 * @param onLoad is called before it is fetched, and may refuse by throwing.
 */
export async function bringPackage(
  item: Coming,
  sources: readonly HostSource[],
  context: SourceContext,
  onLoad: () => void = () => {},
): Promise<Digest> {
  const known = storedFile(item, sources, context);
  if (known !== undefined) return known;
  onLoad();
  return await loadWhole(requestOf(item, sources, context), context);
}

function requestOf(
  { package: { name, version, identity, size }, repository }: Coming,
  sources: readonly HostSource[],
  { arch }: Pick<SourceContext, "arch">,
) {
  const url = packageUrl(sources[repository]!.url, arch, name, version);
  return { url, expect: { identity, name, version, size } };
}

/** The file of a package in the store, where it is there and whole. */
function storedFile(
  item: Coming,
  sources: readonly HostSource[],
  context: Pick<SourceContext, "arch" | "keys" | "store">,
): Digest | undefined {
  const known = storedPackage(requestOf(item, sources, context), context)?.digest;
  return known !== undefined && context.store.isWhole(known) ? known : undefined;
}

/** A package is verified as it comes, and its file kept beside what is in it. */
async function loadWhole(
  request: Parameters<typeof fetchPackage>[0],
  { keys, fetcher, store }: Pick<SourceContext, "keys" | "fetcher" | "store">,
) {
  const file = store.writer();
  try {
    const kept: Fetcher = {
      async *stream(url, options) {
        for await (const part of fetcher.stream(url, options)) {
          file.write(part);
          yield part;
        }
      },
    };
    const { digest } = await fetchPackage(request, { store, fetcher: kept, keys }, () => {});
    const written = file.commit();
    if (written.digest === digest) return digest;
    throw new RangeError(`"${request.url}" was not written as it was read`);
  } finally {
    file.discard();
  }
}
