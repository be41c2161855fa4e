import { argvAs } from "../../lib/fleet/operations/step.ts";
import type { Host } from "../../lib/fleet/host.ts";
import { type Dependency, formatDependency } from "../../lib/apk/dependency.ts";
import { TowerError } from "../../lib/errors.ts";
import type { Patience } from "../../lib/fetch/patience.ts";
import type { Fetcher } from "../../lib/fetch/port.ts";
import { tempDir } from "../../lib/files/files.ts";
import { countedFiles } from "../../lib/package_way/counted_files.ts";
import type { OfferedFile } from "../../lib/package_way/deno_package_server.ts";
import { atEveryRepository } from "../../lib/package_way/every_repository.ts";
import type { HostSource } from "../../lib/package_way/host_sources.ts";
import { socketFetcher } from "../../lib/package_way/socket_fetcher.ts";
import { untilAborted } from "../../lib/proc/until_aborted.ts";
import type { Reporter } from "../../lib/report/event.ts";
import { shownUrl } from "../../lib/report/shown_url.ts";
import { Scope } from "../../lib/session/scope.ts";
import type { HostSession } from "../../lib/session/session.ts";
import { offerFiles, repositoryOptions } from "./offered_port.ts";
import { requireDone } from "../../lib/session/steps/handler.ts";

/** Seconds that apk may take: scripts of packages may build an initramfs on a small machine. */
const DEADLINE = 3600;
const OUTPUT_LIMIT = 4 << 20;

/**
 * A fetcher that leads through the router, by one forward for each server, which is opened anew where
 * its line was lost. The scope owns them.
 */
export async function wayFetcher(
  router: HostSession,
  patience: Patience,
  scope: Scope,
): Promise<Fetcher> {
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

/** What apk is to do with what is offered. */
export type ApkRequest =
  | { readonly applet: "add"; readonly wanted: readonly Dependency[] }
  | { readonly applet: "upgrade" };

const TITLES = { add: "install packages", upgrade: "upgrade packages" } as const;

export interface ApkContext {
  readonly sources: readonly HostSource[];
  readonly session: HostSession;
  readonly scope: Scope;
  readonly reporter: Reporter;
}

/**
 * Has apk on a host add or upgrade packages from files that are offered at a port of its loopback. Nothing of
 * the host is changed for it: apk is told by its own options.
 * @returns why apk failed, where it did: what it left is to be looked at.
 */
export async function runApk(
  host: Host,
  request: ApkRequest,
  files: ReadonlyMap<string, OfferedFile>,
  { sources, session, scope: around, reporter }: ApkContext,
): Promise<TowerError | undefined> {
  await using scope = new Scope(around.signal);
  const title = TITLES[request.applet], id = `apk ${host.name}`;
  const total = files.values().reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const counted = countedFiles(atEveryRepository(files, sources), (bytes) => {
    // apk may read an index twice.
    done = Math.min(total, done + bytes);
    reporter.report({ type: "progress", id, done, total });
  });
  const port = await offerFiles(host, counted, { session, scope, reporter });
  const repositories = repositoryOptions(sources, port);
  const words = request.applet === "add" ? request.wanted.map(formatDependency) : [];
  const argv = apkArgv(request.applet, repositories, words);
  const step = { type: "step", id, title: `${host.name}: ${title}` } as const;
  reporter.report({ ...step, total, unit: "bytes" });
  const failure = await untilAborted(
    execApk(host, argv, title, session, scope.signal),
    scope.signal,
  );
  reporter.report({ type: "done", id });
  return failure;
}

/** Has apk on a host remove packages. @returns as {@linkcode runApk} */
export function removeByApk(
  host: Host,
  names: readonly string[],
  session: HostSession,
): Promise<TowerError | undefined> {
  return execApk(host, apkArgv("del", [], names), "uninstall packages", session);
}

/** apk by the host's root: it asks nobody, keeps no package, and knows the repositories that are named alone. */
export function apkArgv(
  applet: ApkRequest["applet"] | "del" | "fix",
  repositories: readonly string[],
  words: readonly string[],
): [string, ...string[]] {
  return argvAs(["doas"], [
    ...["apk", applet, "--no-progress", "--no-cache", "--no-interactive"] as const,
    ...["--repositories-file", "/dev/null", ...repositories],
    ...words.length === 0 ? [] : ["--", ...words],
  ]);
}

/** @returns as {@linkcode runApk} */
export async function execApk(
  host: Host,
  argv: [string, ...string[]],
  title: string,
  session: HostSession,
  signal?: AbortSignal,
): Promise<TowerError | undefined> {
  const program = { argv, outputLimit: OUTPUT_LIMIT, deadline: DEADLINE };
  const result = await session.exec(program, signal);
  const { ending } = result;
  // ssh's own status (ssh(1)), also where it says nothing: what apk did is not known.
  if (ending.kind === "exited" && ending.code === 255) {
    throw new TowerError(
      "unreachable",
      `Cannot ${title} on "${host.name}": the line to it was lost`,
      {
        hint: `Once it is up: tower install ${host.name} --repair`,
      },
    );
  }
  try {
    requireDone(result, title, host.name);
    return undefined;
  } catch (error) {
    if (error instanceof TowerError) return error;
    throw error;
  }
}
