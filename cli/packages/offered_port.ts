import { messagesOf, TowerError } from "../../lib/errors.ts";
import { tempDir } from "../../lib/files/files.ts";
import type { Host } from "../../lib/fleet/host.ts";
import { type OfferedFile, servePackages } from "../../lib/package_way/deno_package_server.ts";
import type { HostSource } from "../../lib/package_way/host_sources.ts";
import type { Reporter } from "../../lib/report/event.ts";
import type { Scope } from "../../lib/session/scope.ts";
import type { HostSession } from "../../lib/session/session.ts";

/**
 * Offers files at a port of a host's loopback, until the scope ends; where the line is lost, it fails.
 * @returns the port, which the host's kernel chose.
 */
export async function offerFiles(
  { name }: Host,
  files: ReadonlyMap<string, OfferedFile>,
  { session, scope, reporter }: {
    readonly session: HostSession;
    readonly scope: Scope;
    readonly reporter: Reporter;
  },
): Promise<number> {
  const folder = await scope.own(tempDir());
  const socket = `${folder.path}/packages`;
  const told = new Set<string>();
  const onFailure = (path: string, error: unknown) => {
    if (scope.signal.aborted || told.has(path)) return;
    told.add(path);
    const message = `${name} does not get ${path}: ${messagesOf(error).join(": ")}`;
    reporter.report({ type: "warning", message });
  };
  await scope.own(servePackages(socket, files, scope.signal, onFailure));
  const way = await scope.own(
    await session.open({ socket, end: { kind: "offered" } }, scope.signal),
  );
  void way.ended.then((cause) => {
    const message = `Cannot go on with "${name}": the tunnel to it is gone`;
    scope.fail(new TowerError("unreachable", message, { cause }));
  });
  if (way.port !== undefined) return way.port;
  throw new TowerError("unsupported", `Cannot offer packages to "${name}": no port is told`);
}

/** apk's options that name a host's repositories where they are offered. */
export function repositoryOptions(sources: readonly HostSource[], port: number): string[] {
  return sources.flatMap(({ tag }, i) => {
    const url = `http://127.0.0.1:${port}/${i}`;
    return ["--repository", tag === undefined ? url : `@${tag} ${url}`];
  });
}
