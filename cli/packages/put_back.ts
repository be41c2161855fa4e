import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { findHost, type Host } from "../../lib/fleet/host.ts";
import { APK_DAMAGE } from "../../lib/package_way/apk_damage.ts";
import type { OfferedFile } from "../../lib/package_way/deno_package_server.ts";
import { loadComing, requireStored } from "../../lib/package_way/host_sources.ts";
import { comingFiles } from "../../lib/package_way/repository_files.ts";
import { planPutBack, type PutBack } from "../../lib/packages/put_back.ts";
import { untilAborted } from "../../lib/proc/until_aborted.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { openFleet } from "../../lib/session/fleet.ts";
import { gather } from "../../lib/session/gather.ts";
import { Scope } from "../../lib/session/scope.ts";
import { foundLines, putBackJson } from "../render/put_back.ts";
import { changeLines } from "../render/package_change.ts";
import { lockPackages, settle } from "./host_change.ts";
import { apkStateOf, openPackageStore, openSources } from "./host_sources.ts";
import type { InstallOptions } from "./install.ts";
import { keptWorld } from "./kept_world.ts";
import { offerFiles, repositoryOptions } from "./offered_port.ts";
import { apkArgv, type ApkContext, execApk } from "./package_way.ts";

/**
 * Brings a host back to the world that was kept of it; with `repair`, packages whose files are broken too.
 * @throws {TowerError} `not-found` where no world was kept
 */
export async function putBackPackages(
  name: string,
  { repair, ...options }: InstallOptions & { readonly repair: boolean },
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const fleet = await openFleet(env);
  const host = findHost(fleet.inventory, name);
  const doing = repair ? "install --repair" : "install --restore";
  using reporter = reporterFor(env, options.json);
  using _lock = options.dryRun ? undefined : await lockPackages(fleet, host, doing, reporter);
  const kept = keptWorld(fleet, host);
  if (kept === undefined && !repair) {
    throw new TowerError("not-found", `Cannot restore the packages of "${name}": none were kept`, {
      hint: "They are kept when tower install or tower uninstall has changed them",
    });
  }
  const session = fleet.session(host);
  const state = await apkStateOf({ fleet }, host);
  const damage = repair ? await gather(session, APK_DAMAGE, asRoot(host)) : undefined;
  using store = openPackageStore(env, reporter);
  await using scope = new Scope(env.signal);
  const looking = { env, fleet, store, scope, reporter };
  const { sources, context, remember } = await openSources(host, state, options, looking);
  const plan = planPutBack(kept ?? [], damage?.broken ?? [], state, sources);
  const coming = [...plan.change.coming, ...plan.mended];
  if (options.offline) requireStored(coming, sources, context);
  if (options.json) ending.json = true;
  else env.stdout.write(foundLines(name, plan, damage) + changeLines(name, plan.change));
  const tell = () => options.json && env.stdout.write(putBackJson(name, plan, damage));
  if (options.dryRun) return void tell();
  await remember();
  const files = await loadComing(coming, sources, context);
  const offered = comingFiles(coming, files, sources, state.arch);
  const failure = await run(host, plan, repair, offered, { sources, session, scope, reporter });
  await settle(fleet, host, plan.change, failure, { env, reporter });
  if (repair) requireSound(name, await gather(session, APK_DAMAGE, asRoot(host)));
  tell();
}

function asRoot({ name }: Host) {
  return { name, become: ["doas"] };
}

async function run(
  host: Host,
  { lacking, mended }: PutBack,
  repair: boolean,
  files: ReadonlyMap<string, OfferedFile>,
  { sources, session, scope: around, reporter }: ApkContext,
): Promise<TowerError | undefined> {
  const steps = [
    ...repair ? [["fix", mended.map((m) => m.package.name), "repair packages"] as const] : [],
    ...lacking.length > 0 ? [["add", lacking, "install packages"] as const] : [],
  ];
  if (steps.length === 0) return undefined;
  await using scope = new Scope(around.signal);
  const port = await offerFiles(host, files, { session, scope, reporter });
  for (const [applet, words, title] of steps) {
    reporter.report({ type: "step", id: "apk", title: `${host.name}: ${title}` });
    const argv = apkArgv(applet, repositoryOptions(sources, port), words);
    const work = execApk(host, argv, title, session, scope.signal);
    const failure = await untilAborted(work, scope.signal);
    reporter.report({ type: "done", id: "apk" });
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function requireSound(
  name: string,
  { broken, leftovers }: { broken: readonly string[]; leftovers: readonly string[] },
) {
  const left = [...broken, ...leftovers];
  if (left.length === 0) return;
  throw new TowerError(
    "conflict",
    `Cannot repair all of "${name}": ${left.slice(0, 10).join(", ")}`,
    {
      hint:
        "A package: install it once more. A half-written file: what was cut off is to be installed again",
    },
  );
}
