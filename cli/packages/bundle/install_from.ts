import type { Dependency } from "../../../lib/apk/dependency.ts";
import type { Env } from "../../../lib/env.ts";
import { TowerError } from "../../../lib/errors.ts";
import type { ApkState } from "../../../lib/package_way/apk_state.ts";
import { type BundleFetcher, bundleFetcher } from "../../../lib/package_way/bundle_fetcher.ts";
import { type HostSource, namesOf, notStored } from "../../../lib/package_way/host_sources.ts";
import { type Coming, parseWanted, planInstall } from "../../../lib/packages/package_change.ts";
import { indexUrl, packageUrl, type RepositorySpec } from "../../../lib/packages/repositories.ts";
import type { Ending } from "../../../lib/program/ending.ts";
import { shownUrl } from "../../../lib/report/shown_url.ts";
import { changeHosts, type PlannedChange } from "../change_hosts.ts";
import type { Looking } from "../host_sources.ts";
import { bringingPlan, type InstallOptions } from "../install.ts";
import { openMachines } from "../machines.ts";
import type { PackageMachine } from "../package_machine.ts";
import { machinesOfBundle } from "./machines_of_bundle.ts";
import { bundleSigners, openBundle, requireSigners } from "./open_bundle.ts";

/**
 * As `installPackages`, with indexes and packages of a bundle: neither the router nor a repository is asked.
 *
 * @param name of the bundle's file
 * @param signers a file with the keys that may sign it; those of images by default
 */
export async function installFrom(
  name: string,
  signers: string | undefined,
  words: readonly string[],
  options: InstallOptions,
  told: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const machines = await openMachines(told.env);
  const { fleet } = machines;
  const keys = requireSigners(bundleSigners(signers, fleet.place, told.env), fleet.place);
  using bundle = openBundle(name, keys, told.env);
  const { path, document } = bundle;
  const from = { path, fetcher: bundleFetcher(bundle, `"${path}"`) };
  const { named, packagesOf } = machinesOfBundle(machines, words, told.env.args, {
    path,
    document,
  });
  const plan = (machine: PackageMachine, looking: Looking) =>
    planFrom(from, machine, parseWanted(packagesOf(machine)), options, looking);
  await changeHosts(fleet, named, "install", plan, options, told);
}

/** The bundle that packages are taken from. */
interface From {
  readonly path: string;
  readonly fetcher: BundleFetcher;
}

function planFrom(
  from: From,
  machine: PackageMachine,
  wanted: readonly Dependency[],
  options: InstallOptions,
  looking: Looking,
): Promise<PlannedChange> {
  const left: string[] = [];
  const isRead = ({ url }: RepositorySpec, arch: string) => {
    const isThere = from.fetcher.has(indexUrl(url, arch));
    if (!isThere) left.push(shownUrl(url));
    return isThere;
  };
  const choose = (state: ApkState, sources: readonly HostSource[]) => {
    const lacks = `"${from.path}" has no index of ${left.join(" or ")} for ${state.arch}`;
    if (sources.length === 0) {
      throw new TowerError(
        "not-found",
        `Cannot install from a bundle on "${machine.name}": ${lacks}`,
      );
    }
    if (left.length > 0) {
      looking.reporter.report({
        type: "warning",
        message: `${machine.name} does without: ${lacks}`,
      });
    }
    const change = planInstall(wanted, state, sources);
    requireThere(change.coming, sources, { ...state, store: looking.store }, from);
    return change;
  };
  const way = () => Promise.resolve(from.fetcher);
  return bringingPlan({ applet: "add", wanted }, choose, options)(machine, {
    ...looking,
    way,
    isRead,
  });
}

/** @throws {TowerError} `not-found` with what neither the bundle nor the store has */
function requireThere(
  coming: readonly Coming[],
  sources: readonly HostSource[],
  context: Parameters<typeof notStored>[2],
  { path, fetcher }: From,
): void {
  const lacking = notStored(coming, sources, context).filter(({ package: p, repository }) =>
    !fetcher.has(packageUrl(sources[repository]!.url, context.arch, p.name, p.version))
  );
  if (lacking.length === 0) return;
  throw new TowerError("not-found", `Cannot do it from "${path}": it lacks ${namesOf(lacking)}`, {
    hint: "It has what hosts lacked when it was made: tower bundle show tells what, and for whom",
  });
}
