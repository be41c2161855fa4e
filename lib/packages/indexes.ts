import { TowerError } from "../errors.ts";
import { digestInBackground } from "../bytes/digest.ts";
import type { Digest } from "../brand.ts";
import { type Source, Universe } from "../apk/solver/universe.ts";
import type { Reporter } from "../report/event.ts";
import { shownUrl } from "../report/shown_url.ts";
import type { ContentStore } from "../store/ports.ts";
import type { Fetcher } from "../fetch/port.ts";
import { fetchIndex, rollbackOf } from "./fetched_index.ts";
import { recallLinked } from "./linked_indexes.ts";
import type { RepositoriesRequest } from "./resolve_request.ts";
import { indexUrl, type RepositorySpec } from "./repositories.ts";

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
    const bytes = await indexIfOnline(spec, request.arch, fetcher);
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

function warnOfRollback(
  { name }: RepositorySpec,
  arch: string,
  newest: number,
  { store, reporter }: Pick<IndexPorts, "store" | "reporter">,
): void {
  const rollback = rollbackOf(name, arch, newest, store);
  if (rollback === undefined) return;
  reporter.report({
    type: "warning",
    message:
      `the index of "${shownUrl(name)}" is older than one that was read before: its newest ` +
      `package is of ${rollback.newest}, not ${rollback.before}; a mirror that lags behind, or one ` +
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
async function indexIfOnline(
  spec: RepositorySpec,
  arch: string,
  fetcher: Fetcher,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await fetchIndex(spec.url, arch, fetcher);
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
}
