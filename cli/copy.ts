import type { Env } from "../lib/env.ts";
import { TowerError } from "../lib/errors.ts";
import { findHost, type Host, type Inventory } from "../lib/fleet/host.ts";
import { sharedTarget } from "../lib/session/ssh_session.ts";
import { type CopyPlace, scpArgv } from "../lib/ssh/scp_argv.ts";
import { CONNECT_TIMEOUT, openFleet } from "../lib/session/fleet.ts";
import { runUserClient } from "./user_client.ts";

export interface CopyOptions {
  readonly recursive: boolean;
  readonly preserve: boolean;
  readonly quiet: boolean;
  readonly dryRun: boolean;
}

/**
 * Copies files to a host or from it.
 * @param paths Sources, then the destination.
 * @returns scp's own exit status.
 */
export async function copyFiles(
  paths: readonly string[],
  options: CopyOptions,
  env: Env,
): Promise<number> {
  const places = paths.map(placeOf);
  const names = [...new Set(places.flatMap(({ host }) => host ?? []))];
  const [name, other] = names;
  if (name === undefined) {
    throw new TowerError("usage", "Cannot copy: no path is on a host", {
      hint: "HOST:PATH names one there, such as vault:report.txt",
    });
  }
  const { inventory, place } = await openFleet(env);
  for (const each of names) known(inventory, each);
  if (other !== undefined) {
    throw new TowerError("usage", `Cannot copy between "${name}" and "${other}": name one host`, {
      hint: "copy to this machine first, and from here to the other host",
    });
  }
  const destination = places.at(-1)!;
  const sources = places.slice(0, -1);
  if (sources.some((source) => source.isRemote === destination.isRemote)) {
    throw new TowerError("usage", `Cannot copy: sources and destination are all on "${name}"`, {
      hint: destination.isRemote
        ? `to copy inside of it: tower ssh ${name} cp A B`
        : "copy what is on the host and what is here one after the other",
    });
  }
  if (env.runner.which("scp") === undefined) {
    throw new TowerError("tool", 'Cannot copy: there is no program "scp"', {
      hint: "Debian: apt-get install openssh-client; Alpine: apk add openssh-client",
    });
  }
  const target = sharedTarget(place, known(inventory, name), CONNECT_TIMEOUT);
  const terminal = env.stdinIsTerminal;
  const argv = scpArgv(target, { ...options, sources, destination, terminal });
  return await runUserClient(
    argv,
    target,
    { host: name, dryRun: options.dryRun, doing: "copy", cwd: env.cwd },
    env,
  );
}

/** As scp(1) reads it: a colon before any slash ends a host's name. */
function placeOf(path: string): CopyPlace & { readonly host: string | undefined } {
  if (path === "" || path.includes("\0")) {
    throw new TowerError("usage", `Cannot copy "${path}": it is no path`);
  }
  const [, host, rest] = /^([^/:]+):(.*)$/s.exec(path) ?? [];
  return host === undefined
    ? { host: undefined, isRemote: false, path }
    : { host, isRemote: true, path: rest! };
}

function known(inventory: Inventory, name: string): Host {
  try {
    return findHost(inventory, name);
  } catch (error) {
    if (!(error instanceof TowerError) || error.code !== "not-found") throw error;
    const hint = `${error.hint}; a file of this machine with a colon in its name: ./NAME`;
    throw new TowerError(error.code, error.message, { hint });
  }
}
