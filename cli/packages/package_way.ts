import { argvAs } from "../../lib/fleet/operations/step.ts";
import { findHost } from "../../lib/fleet/host.ts";
import { type Dependency, formatDependency } from "../../lib/apk/dependency.ts";
import { TowerError } from "../../lib/errors.ts";
import type { Patience } from "../../lib/fetch/patience.ts";
import type { Fetcher } from "../../lib/fetch/port.ts";
import { sharedFetcher } from "../../lib/fetch/shared_fetcher.ts";
import { tempDir } from "../../lib/files/files.ts";
import { countedFiles } from "../../lib/package_way/counted_files.ts";
import type { OfferedFile } from "../../lib/package_way/deno_package_server.ts";
import { atEveryRepository } from "../../lib/package_way/every_repository.ts";
import type { HostSource } from "../../lib/package_way/host_sources.ts";
import { socketFetcher } from "../../lib/package_way/socket_fetcher.ts";
import { INDEX_FILE } from "../../lib/packages/repositories.ts";
import type { Reporter } from "../../lib/report/event.ts";
import { shownUrl } from "../../lib/report/shown_url.ts";
import type { Fleet } from "../../lib/session/fleet.ts";
import { Scope } from "../../lib/session/scope.ts";
import { offerFiles, repositoryOptions } from "./offered_port.ts";
import type { ApkDuring, PackageMachine } from "./package_machine.ts";
import { requireDone } from "../../lib/session/steps/handler.ts";

/** Seconds that apk may take: scripts of packages may build an initramfs on a small machine. */
const DEADLINE = 3600;
/** Seconds that it waits for another apk there, such as one whose line was lost. */
const WAIT = 600;
const OUTPUT_LIMIT = 4 << 20;

/**
 * A fetcher that leads through the router, by one forward for each server, which is opened anew where
 * its line was lost. The scope owns them.
 */
export async function wayFetcher(
  fleet: Fleet,
  patience: Patience,
  scope: Scope,
): Promise<Fetcher> {
  const router = fleet.session(findHost(fleet.inventory, "router"));
  const folder = await scope.own(tempDir());
  const ways = new Map<string, Promise<string>>();
  let opened = 0;
  const open = async (url: URL) => {
    if (!/^[A-Za-z0-9.-]+$/.test(url.hostname)) {
      const shown = shownUrl(url.href);
      throw new TowerError("unsupported", `Cannot fetch "${shown}": its server has no plain name`);
    }
    const socket = `${folder.path}/${opened++}`;
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    const end = { kind: "beyond", address: url.hostname, port } as const;
    const way = await scope.own(await router.open({ socket, end }, scope.signal));
    void way.ended.then(() => ways.delete(url.origin));
    return socket;
  };
  return socketFetcher({
    patience,
    signal: scope.signal,
    socketTo(url) {
      const known = ways.get(url.origin);
      if (known !== undefined) return known;
      const way = open(url);
      ways.set(url.origin, way);
      way.catch(() => ways.delete(url.origin));
      return way;
    },
  });
}

/** {@linkcode wayFetcher} for several hosts, opened when the first of them asks; an index is fetched once for all. */
export function sharedWay(fleet: Fleet, patience: Patience, scope: Scope): () => Promise<Fetcher> {
  let way: Promise<Fetcher> | undefined;
  const open = async () => sharedIndexes(await wayFetcher(fleet, patience, scope));
  return () => way ??= open();
}

/** Fetches an index once for all who want it. */
export function sharedIndexes(fetcher: Fetcher): Fetcher {
  return sharedFetcher(fetcher, (url) => url.endsWith(`/${INDEX_FILE}`));
}

/** What apk is to do with what is offered. */
export type ApkRequest =
  | { readonly applet: "add"; readonly wanted: readonly Dependency[] }
  | { readonly applet: "upgrade" };

const TITLES = { add: "install packages", upgrade: "upgrade packages" } as const;

export interface ApkContext {
  readonly sources: readonly HostSource[];
  readonly scope: Scope;
  readonly reporter: Reporter;
}

/**
 * Has apk on a machine add or upgrade packages from files that are offered at a port of its loopback.
 * Nothing of the machine is changed for it: apk is told by its own options.
 * @returns why apk failed, where it did: what it left is to be looked at.
 */
export async function runApk(
  machine: PackageMachine,
  request: ApkRequest,
  files: ReadonlyMap<string, OfferedFile>,
  { sources, scope: around, reporter }: ApkContext,
): Promise<TowerError | undefined> {
  await using scope = new Scope(around.signal);
  const title = TITLES[request.applet], id = `apk ${machine.name}`;
  const total = files.values().reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const counted = countedFiles(atEveryRepository(files, sources), (bytes) => {
    // apk may read an index twice.
    done = Math.min(total, done + bytes);
    reporter.report({ type: "progress", id, done, total });
  });
  const port = await offerFiles(machine, counted, { scope, reporter });
  const repositories = repositoryOptions(sources, port);
  const words = request.applet === "add" ? request.wanted.map(formatDependency) : [];
  const step = { type: "step", id, title: `${machine.name}: ${title}` } as const;
  reporter.report({ ...step, total, unit: "bytes" });
  const work = { applet: request.applet, repositories, words, title };
  const failure = await execApk(machine, work, { signal: scope.signal, reporter });
  reporter.report({ type: "done", id });
  return failure;
}

/** Has apk on a machine remove packages. @returns as {@linkcode runApk} */
export function removeByApk(
  machine: PackageMachine,
  names: readonly string[],
  during: ApkDuring,
): Promise<TowerError | undefined> {
  const work = {
    applet: "del",
    repositories: [],
    words: names,
    title: "uninstall packages",
  } as const;
  return execApk(machine, work, during);
}

/** What apk is called for. */
export interface ApkWork {
  readonly applet: ApkRequest["applet"] | "del" | "fix";
  /** Its options that name repositories. */
  readonly repositories: readonly string[];
  readonly words: readonly string[];
  /** As in "Cannot install packages". */
  readonly title: string;
}

/** apk by a machine's root: it asks nobody, keeps no package, and knows the repositories that are named alone. */
function apkArgv(root: readonly string[], { applet, repositories, words }: ApkWork) {
  return argvAs(root, [
    ...["apk", applet, "--no-progress", "--no-cache", "--no-interactive"] as const,
    ...["--wait", String(WAIT)],
    ...["--repositories-file", "/dev/null", ...repositories],
    ...words.length === 0 ? [] : ["--", ...words],
  ]);
}

/** @returns as {@linkcode runApk} */
export async function execApk(
  machine: PackageMachine,
  work: ApkWork,
  during: ApkDuring,
): Promise<TowerError | undefined> {
  const argv = apkArgv(await machine.root(), work);
  const apk = { argv, outputLimit: OUTPUT_LIMIT, deadline: DEADLINE };
  const result = await machine.runApk(apk, work.title, during);
  try {
    requireDone(result, work.title, machine.name);
    return undefined;
  } catch (error) {
    if (error instanceof TowerError) return error;
    throw error;
  }
}
