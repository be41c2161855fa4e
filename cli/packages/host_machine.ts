import { TowerError } from "../../lib/errors.ts";
import { tempDir } from "../../lib/files/files.ts";
import type { Host } from "../../lib/fleet/host.ts";
import { hostFolder } from "../../lib/fleet/paths.ts";
import { locked, writeHostFile } from "../../lib/inventory/inventory_files.ts";
import { untilAborted } from "../../lib/proc/until_aborted.ts";
import type { Fleet } from "../../lib/session/fleet.ts";
import type { Scope } from "../../lib/session/scope.ts";
import type { HostSession, RemoteResult } from "../../lib/session/session.ts";
import { keepMenu } from "../menu/keep_menu.ts";
import type { PackageMachine } from "./package_machine.ts";

/** A host, by its ssh. */
export function hostMachine(fleet: Fleet, host: Host): PackageMachine {
  const { place } = fleet, { name } = host;
  const session = fleet.session(host);
  return {
    name,
    session,
    folder: hostFolder(place, name),
    root: () => Promise.resolve(["doas"]),
    keep: (file, bytes) => locked(place, () => writeHostFile(place, name, file, bytes)),
    async offer(serve, scope) {
      const folder = await scope.own(tempDir());
      const path = `${folder.path}/packages`;
      await scope.own(serve({ transport: "unix", path }));
      return await openPort(path, session, scope);
    },
    async runApk(apk, title, { signal }) {
      try {
        const result = await untilAborted(session.exec(apk, signal), signal);
        requireLine(result);
        return result;
      } catch (error) {
        throw cutOff(name, title, error);
      }
    },
    showPrograms: (packages, { env, reporter }) => keepMenu(fleet, host, packages, env, reporter),
  };
}

/** Opens a port of a host's loopback, from which connections come to a socket here. */
async function openPort(
  socket: string,
  session: HostSession,
  scope: Scope,
): Promise<number> {
  const { name } = session.host;
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

/** ssh's own status (ssh(1)), also where it says nothing: what apk did is not known. */
function requireLine({ ending }: RemoteResult): void {
  if (ending.kind !== "exited" || ending.code !== 255) return;
  throw new TowerError("unreachable", "the line to it was lost");
}

/** Nobody saw apk's end: it may have done all, nothing, or half. */
function cutOff(name: string, title: string, cause: unknown): unknown {
  if (!(cause instanceof TowerError)) return cause;
  const { code } = cause;
  if (code !== "interrupted" && code !== "unreachable") return cause;
  const repair = `tower install ${name} --repair`;
  const hint = code === "interrupted"
    ? `apk ends there by itself, without what it had not read; then: ${repair}`
    : `Once it is up: ${repair}`;
  return new TowerError(code, `Cannot tell how far apk came on "${name}", to ${title}`, {
    cause,
    hint,
  });
}
