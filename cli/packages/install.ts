import type { Env } from "../../lib/env.ts";
import { findHost } from "../../lib/fleet/host.ts";
import { type HostSource, loadComing } from "../../lib/package_way/host_sources.ts";
import { type PackageChange, parseWanted, planInstall } from "../../lib/packages/package_change.ts";
import { indexFiles, packagePath } from "../../lib/package_way/repository_files.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { openFleet } from "../../lib/session/fleet.ts";
import { Scope } from "../../lib/session/scope.ts";
import { lockPackages, settle } from "./host_change.ts";
import { apkStateOf, openPackageStore, openSources, type SourceOptions } from "./host_sources.ts";
import { runApk } from "./package_way.ts";
import { changeJson, changeLines } from "../render/package_change.ts";

export interface InstallOptions extends SourceOptions {
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Plans what installing packages changes on a host, shows it, has apk do it, and compares. */
export async function installPackages(
  name: string,
  packages: readonly string[],
  options: InstallOptions,
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const wanted = parseWanted(packages);
  const fleet = await openFleet(env);
  const host = findHost(fleet.inventory, name);
  using reporter = reporterFor(env, options.json);
  using _lock = options.dryRun ? undefined : await lockPackages(fleet, host, "install", reporter);
  using store = openPackageStore(env, reporter);
  await using scope = new Scope(env.signal);
  const looking = { env, fleet, store, scope, reporter };
  const state = await apkStateOf(looking, host);
  const { sources, context, remember } = await openSources(host, state, options, looking);
  const change = planInstall(wanted, state, sources);
  if (options.json) ending.json = true;
  else env.stdout.write(changeLines(name, change));
  if (options.dryRun) {
    if (options.json) env.stdout.write(changeJson(name, change));
    return;
  }
  await remember();
  const files = await loadComing(change.coming, sources, context);
  const failure = await runApk(host, wanted, offeredFiles(change, sources, files, state.arch), {
    sources,
    session: fleet.session(host),
    scope,
    reporter,
  });
  await settle(fleet, host, change, failure, { env, reporter });
  if (options.json) env.stdout.write(changeJson(name, change));
}

function offeredFiles(
  { coming }: PackageChange,
  sources: readonly HostSource[],
  files: Awaited<ReturnType<typeof loadComing>>,
  arch: string,
) {
  const packages = coming.map((item, i) => [packagePath(item, arch), files[i]!] as const);
  return new Map([...indexFiles(sources, arch), ...packages]);
}
