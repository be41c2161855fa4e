import { messagesOf } from "../../lib/errors.ts";
import { type OfferedFile, servePackages } from "../../lib/package_way/deno_package_server.ts";
import type { HostSource } from "../../lib/package_way/host_sources.ts";
import type { Reporter } from "../../lib/report/event.ts";
import type { Scope } from "../../lib/session/scope.ts";
import type { PackageMachine } from "./package_machine.ts";

/**
 * Offers files at a port of a machine's loopback, until the scope ends; where the line is lost, it fails.
 * @returns the port, which the machine's kernel chose.
 */
export function offerFiles(
  machine: PackageMachine,
  files: ReadonlyMap<string, OfferedFile>,
  { scope, reporter }: { readonly scope: Scope; readonly reporter: Reporter },
): Promise<number> {
  const told = new Set<string>();
  const onFailure = (path: string, error: unknown) => {
    if (scope.signal.aborted || told.has(path)) return;
    told.add(path);
    const message = `${machine.name} does not get ${path}: ${messagesOf(error).join(": ")}`;
    reporter.report({ type: "warning", message });
  };
  return machine.offer((at) => servePackages(at, files, scope.signal, onFailure), scope);
}

/** apk's options that name a machine's repositories where they are offered. */
export function repositoryOptions(sources: readonly HostSource[], port: number): string[] {
  return sources.flatMap(({ tag }, i) => {
    const url = `http://127.0.0.1:${port}/${i}`;
    return ["--repository", tag === undefined ? url : `@${tag} ${url}`];
  });
}
