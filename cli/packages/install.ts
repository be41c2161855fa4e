import type { Env } from "../../lib/env.ts";
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
import { changeHosts, type PlannedChange } from "./change_hosts.ts";
import { apkStateOf, type Looking, openSources, type SourceOptions } from "./host_sources.ts";
import { keepWorld } from "./kept_world.ts";
import { openMachines } from "./machines.ts";
import { namedOnLine } from "./named_hosts.ts";
import type { PackageMachine } from "./package_machine.ts";
import { type ApkRequest, runApk } from "./package_way.ts";

export interface InstallOptions extends SourceOptions {
  readonly dryRun: boolean;
  /** Whether the user of a machine with a warning is asked. */
  readonly confirm: boolean;
  readonly json: boolean;
}

/** Plans what installing packages changes on hosts, shows it, has apk do it, and compares. */
export async function installPackages(
  words: readonly string[],
  options: InstallOptions,
  told: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const machines = await openMachines(told.env);
  const { named, packages } = namedOnLine(machines, words, told.env.args);
  const wanted = parseWanted(packages);
  const plan = bringingPlan(
    { applet: "add", wanted },
    (state, sources) => planInstall(wanted, state, sources),
    options,
  );
  await changeHosts(machines.fleet, named, "install", plan, options, told);
}

/** How a change that takes packages of a machine's repositories is planned and done, for several machines. */
export function bringingPlan(
  request: ApkRequest,
  choose: (state: ApkState, sources: readonly HostSource[]) => PackageChange,
  options: InstallOptions,
): (machine: PackageMachine, looking: Looking) => Promise<PlannedChange> {
  const load = oneByOne();
  return async (machine, looking) => {
    const state = await apkStateOf(machine);
    const opened = await openSources(machine, state, options, looking);
    const change = choose(state, opened.sources);
    if (options.offline) requireStored(change.coming, opened.sources, opened.context);
    const act = async () => {
      await opened.remember();
      return await bringAndRun(machine, request, change, { ...opened, load, looking });
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

/** Brings what comes into the store, and has apk on the machine take it from there. */
async function bringAndRun(
  machine: PackageMachine,
  request: ApkRequest,
  change: PackageChange,
  { sources, context, load, looking: { scope, reporter } }: Bringing,
) {
  const files = await load(() => loadComing(change.coming, sources, context));
  const offered = comingFiles(change.coming, files, sources, context.arch);
  // Before apk changes anything: --repair of a machine that is cut off then ends what was begun.
  await keepWorld(machine, change.world);
  return await runApk(machine, request, offered, { sources, scope, reporter });
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
