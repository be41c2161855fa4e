import { TowerError } from "../errors.ts";
import { digestInBackground, digestOf, hexOf } from "../bytes/digest.ts";
import { concat } from "../bytes/bytes.ts";
import type { Digest } from "../brand.ts";
import { type Source, Universe } from "../apk/solver/universe.ts";
import type { Reporter } from "../report/event.ts";
import { shownUrl } from "../report/shown_url.ts";
import type { ContentStore } from "../store/ports.ts";
import type { Fetcher } from "../fetch/port.ts";
import { recallLinked } from "./linked_indexes.ts";
import type { RepositoriesRequest } from "./resolve_request.ts";
import { indexUrl, type RepositorySpec } from "./repositories.ts";

/** Largest index file that is fetched: Alpine's community index has about 2 MiB. */
const INDEX_LIMIT = 64 << 20;

/** What indexes are read with. */
export interface IndexPorts {
  readonly fetcher: Fetcher;
  readonly store: ContentStore;
  readonly reporter: Reporter;
}

/** A repository with the index it was read from. */
export interface OpenRepository extends Source {
  readonly spec: RepositorySpec;
  readonly index: Digest;
}

/** What packages are chosen from. */
export interface OpenRepositories {
  readonly repositories: readonly OpenRepository[];
  readonly universe: Universe;
}

/**
 * Fetches and verifies the index of every repository.
 *
 * @throws {TowerError} `unreachable` when a repository does not answer (nothing falls back to
 * another), `untrusted` or `malformed` when its index is not what it should be.
 */
export async function openRepositories(
  request: RepositoriesRequest,
  { fetcher, store, reporter }: IndexPorts,
): Promise<OpenRepositories> {
  reporter.report({
    type: "step",
    id: "indexes",
    title: "Reading package indexes",
    total: request.repositories.length,
    unit: "items",
  });
  let done = 0;
  const archives = await Promise.all(request.repositories.map(async (spec) => {
    const bytes = await fetchIndex(spec, request.arch, fetcher);
    reporter.report({ type: "progress", id: "indexes", done: ++done });
    return bytes;
  }));
  refuseMissing(request.repositories.filter((_, i) => archives[i] === undefined), request.arch);
  const indexes = await Promise.all(request.repositories.map(async (spec, i) => {
    const bytes = archives[i]!;
    return { spec, bytes, digest: await digestInBackground(bytes) };
  }));
  const { facts, linked } = await recallLinked(indexes, request.keys, store) ??
    await (await import("./link_indexes.ts")).linkIndexes(indexes, request.keys, store);
  const repositories = indexes.map(({ spec, digest }, i) => {
    warnOfRollback(spec, request.arch, facts[i]!.newest, { store, reporter });
    return openRepository(spec, digest);
  });
  const count = facts.reduce((sum, { packages }) => sum + packages, 0);
  reporter.report({ type: "done", id: "indexes", note: `${count} packages known` });
  return { repositories, universe: new Universe(repositories, request.arch, linked) };
}

/**
 * Tells of an index that is older than one of the same repository that was read before: signed as
 * well, it may hide updates. No index has a date (apk-tools' has none); its newest package has.
 */
function warnOfRollback(
  { name }: RepositorySpec,
  arch: string,
  newest: number,
  { store, reporter }: Pick<IndexPorts, "store" | "reporter">,
): void {
  const note = hexOf(digestOf(`${arch} ${name}`));
  const seen = store.readNote("index", note) as { newest: number } | undefined;
  if (seen === undefined || newest > seen.newest) store.writeNote("index", note, { newest });
  if (seen === undefined || newest >= seen.newest) return;
  const day = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
  reporter.report({
    type: "warning",
    message:
      `the index of "${shownUrl(name)}" is older than one that was read before: its newest ` +
      `package is of ${day(newest)}, not ${day(seen.newest)}; a mirror that lags behind, or one ` +
      "that hides updates",
  });
}

function openRepository(spec: RepositorySpec, index: Digest): OpenRepository {
  return { spec, index, url: spec.url, ...(spec.tag === undefined ? {} : { tag: spec.tag }) };
}

/** @throws {TowerError} `offline` that lists every repository whose index only the network has. */
function refuseMissing(missing: readonly RepositorySpec[], arch: string): void {
  if (missing.length === 0) return;
  const urls = missing.map((spec) => `  ${shownUrl(indexUrl(spec.url, arch))}`);
  throw new TowerError(
    "offline",
    `Cannot choose packages offline: these indexes are needed\n${urls.join("\n")}`,
    { hint: "run the command once without --offline, or give a lock that fits with --lock" },
  );
}

/** The bytes of an index; undefined where offline forbids to fetch it. */
async function fetchIndex(
  spec: RepositorySpec,
  arch: string,
  fetcher: Fetcher,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of fetcher.stream(indexUrl(spec.url, arch), { limit: INDEX_LIMIT })) {
      parts.push(part);
    }
  } catch (cause) {
    if (!(cause instanceof TowerError) || cause.code === "interrupted") throw cause;
    if (cause.code === "offline") return undefined;
    throw new TowerError(
      cause.code,
      `Cannot read repository "${shownUrl(spec.name)}" for ${arch}`,
      {
        cause,
        hint: spec.mend ?? "check the URL and the network",
      },
    );
  }
  return concat(parts);
}
