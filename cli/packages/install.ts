import { join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { APK_STATE, type ApkState } from "../../lib/package_way/apk_state.ts";
import { findHost, type Host } from "../../lib/fleet/host.ts";
import { packageSourcesPath } from "../../lib/fleet/paths.ts";
import { readOwnIfThere } from "../../lib/files/own_file.ts";
import { locked, writeHostFile } from "../../lib/inventory/inventory_files.ts";
import { memorySource } from "../../lib/bytes/bytes.ts";
import { TowerError } from "../../lib/errors.ts";
import type { HostSource } from "../../lib/package_way/host_sources.ts";
import { loadComing, readSources } from "../../lib/package_way/host_sources.ts";
import { type PackageChange, parseWanted, planInstall } from "../../lib/packages/package_change.ts";
import { indexUrl, packageUrl } from "../../lib/packages/repositories.ts";
import { sourcesText } from "../../lib/packages/package_check.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { type Fleet, openFleet } from "../../lib/session/fleet.ts";
import { gather } from "../../lib/session/gather.ts";
import { Scope } from "../../lib/session/scope.ts";
import { openStore } from "../../lib/store/content_store.ts";
import { lockPackages, settle } from "./host_change.ts";
import { runApk, wayFetcher } from "./package_way.ts";
import { changeJson, changeLines } from "../render/package_change.ts";

export interface InstallOptions {
  readonly allowOld: boolean;
  readonly newSources: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Most bytes of the file that says where a host's packages come from. */
const SOURCES_LIMIT = 1 << 20;

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
  const router = findHost(fleet.inventory, "router");
  using reporter = reporterFor(env, options.json);
  using _lock = options.dryRun ? undefined : await lockPackages(fleet, host, "install", reporter);
  const state = await gather(fleet.session(host), APK_STATE, host);
  const remember = requireKnownSources(state, fleet, host, options.newSources);
  using store = openStore(join(env.cacheDir, "store"), reporter);
  await using scope = new Scope(env.signal);
  const fetcher = await wayFetcher(fleet.session(router), env.patience, scope);
  const { arch, keys } = state;
  const context = { arch, keys, fetcher, store, reporter };
  const specs = state.repositories.filter(({ url }) => /^https?:/.test(url));
  const sources = await readSources(specs, context, options.allowOld);
  const change = planInstall(wanted, state, sources);
  if (options.json) ending.json = true;
  else env.stdout.write(changeLines(name, change));
  if (options.dryRun) {
    if (options.json) env.stdout.write(changeJson(name, change));
    return;
  }
  await remember();
  const files = await loadComing(change.coming, sources, context);
  const failure = await runApk(host, wanted, offeredFiles(change, sources, files, arch), {
    sources,
    session: fleet.session(host),
    scope,
    reporter,
  });
  await settle(fleet, host, change, failure);
  if (options.json) env.stdout.write(changeJson(name, change));
}

function offeredFiles(
  { coming }: PackageChange,
  sources: readonly HostSource[],
  files: Awaited<ReturnType<typeof loadComing>>,
  arch: string,
) {
  const indexes = sources.map(({ index }, i) =>
    [indexUrl(`/${i}`, arch), { size: index.length, open: () => memorySource(index) }] as const
  );
  const packages = coming.map(({ package: { name, version }, repository }, i) =>
    [packageUrl(`/${repository}`, arch, name, version), files[i]!] as const
  );
  return new Map([...indexes, ...packages]);
}

/**
 * What a host names as its repositories is asked for on the Internet: one that could name others
 * would speak to them by it.
 * @returns what keeps them, once the user's plan is shown.
 */
function requireKnownSources(
  state: ApkState,
  { place }: Fleet,
  host: Host,
  newSources: boolean,
): () => Promise<void> {
  const text = sourcesText(state);
  const kept = readOwnIfThere(packageSourcesPath(place, host.name), SOURCES_LIMIT);
  const known = kept === undefined ? undefined : new TextDecoder().decode(kept);
  if (known !== undefined && known !== text && !newSources) {
    throw new TowerError(
      "untrusted",
      `Cannot trust the repositories of "${host.name}": they or its keys are not those of last time`,
      { hint: "Look at /etc/apk there; --new-sources takes them" },
    );
  }
  return () =>
    locked(
      place,
      () => writeHostFile(place, host.name, "package_sources", new TextEncoder().encode(text)),
    );
}
