import type { Env } from "../../lib/env.ts";
import type { Host } from "../../lib/fleet/host.ts";
import {
  type HostSource,
  loadComing,
  requireStored,
  type SourceContext,
} from "../../lib/package_way/host_sources.ts";
import { type PackageChange, parseWanted, planInstall } from "../../lib/packages/package_change.ts";
import { comingFiles } from "../../lib/package_way/repository_files.ts";
import type { ApkState } from "../../lib/package_way/apk_state.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { openFleet } from "../../lib/session/fleet.ts";
import { changeHosts, type PlannedChange } from "./change_hosts.ts";
import { apkStateOf, type Looking, openSources, type SourceOptions } from "./host_sources.ts";
import { keepWorld } from "./kept_world.ts";
import { namedOnLine } from "./named_hosts.ts";
import { type ApkRequest, runApk } from "./package_way.ts";

export interface InstallOptions extends SourceOptions {
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Plans what installing packages changes on hosts, shows it, has apk do it, and compares. */
export async function installPackages(
  words: readonly string[],
  options: InstallOptions,
  told: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const fleet = await openFleet(told.env);
  const { hosts, packages } = namedOnLine(fleet.inventory, words, told.env.args);
  const wanted = parseWanted(packages);
  const plan = bringingPlan(
    { applet: "add", wanted },
    (state, sources) => planInstall(wanted, state, sources),
    options,
  );
  await changeHosts(fleet, hosts, "install", plan, options, told);
}

/** How a change that takes packages of a host's repositories is planned and done, for several hosts. */
export function bringingPlan(
  request: ApkRequest,
  choose: (state: ApkState, sources: readonly HostSource[]) => PackageChange,
  options: InstallOptions,
): (host: Host, looking: Looking) => Promise<PlannedChange> {
  const load = oneByOne();
  return async (host, looking) => {
    const state = await apkStateOf(looking, host);
    const opened = await openSources(host, state, options, looking);
    const change = choose(state, opened.sources);
    if (options.offline) requireStored(change.coming, opened.sources, opened.context);
    const act = async () => {
      await opened.remember();
      return await bringAndRun(host, request, change, { ...opened, load, looking });
    };
    return { change, act };
  };
}

/** What a change needs beside itself. */
interface Bringing {
  readonly sources: readonly HostSource[];
  readonly context: SourceContext;
  readonly load: <T>(work: () => Promise<T>) => Promise<T>;
  readonly looking: Looking;
}

/** Brings what comes into the store, and has apk on the host take it from there. */
async function bringAndRun(
  host: Host,
  request: ApkRequest,
  change: PackageChange,
  { sources, context, load, looking: { fleet, scope, reporter } }: Bringing,
) {
  const files = await load(() => loadComing(change.coming, sources, context));
  const offered = comingFiles(change.coming, files, sources, context.arch);
  // Before apk changes anything: --repair of a host that is cut off then ends what was begun.
  await keepWorld(fleet, host, change.world);
  return await runApk(host, request, offered, {
    ...{ sources, scope, reporter },
    session: fleet.session(host),
  });
}

/**
 * Lets one load after the other: what a host needs is then in the store for the next, and the way by the
 * router is one for all.
 */
function oneByOne(): Bringing["load"] {
  let before: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const done = before.then(work, work);
    before = done;
    return done;
  };
}
