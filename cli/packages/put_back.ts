import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { APK_DAMAGE, type ApkDamage } from "../../lib/package_way/apk_damage.ts";
import type { OfferedFile } from "../../lib/package_way/deno_package_server.ts";
import { loadComing, requireStored } from "../../lib/package_way/host_sources.ts";
import { comingFiles } from "../../lib/package_way/repository_files.ts";
import { planPutBack, type PutBack } from "../../lib/packages/put_back.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { gather } from "../../lib/session/gather.ts";
import { Scope } from "../../lib/session/scope.ts";
import { foundLines, putBackJson } from "../render/put_back.ts";
import { changeLines } from "../render/package_change.ts";
import { lockPackages, settle } from "./host_change.ts";
import { apkStateOf, openLooking, openSources } from "./host_sources.ts";
import type { InstallOptions } from "./install.ts";
import { keptWorld } from "./kept_world.ts";
import { openMachines } from "./machines.ts";
import { offerFiles, repositoryOptions } from "./offered_port.ts";
import type { PackageMachine } from "./package_machine.ts";
import { isPermitted, requirePermission } from "./permission.ts";
import { type ApkContext, execApk } from "./package_way.ts";

/**
 * Brings a machine back to the world that was kept of it; with `repair`, packages whose files are broken too.
 * @throws {TowerError} `not-found` where no world was kept
 */
export async function putBackPackages(
  name: string,
  { repair, ...options }: InstallOptions & { readonly repair: boolean },
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const { fleet, find } = await openMachines(env);
  const machine = find(name);
  const doing = repair ? "install --repair" : "install --restore";
  if (!options.dryRun) await requirePermission([machine], options.confirm, env);
  using reporter = reporterFor(env, options.json);
  using _lock = options.dryRun ? undefined : await lockPackages(machine, doing, { env, reporter });
  const kept = keptWorld(machine);
  if (kept === undefined && !repair) {
    throw new TowerError("not-found", `Cannot restore the packages of "${name}": none were kept`, {
      hint: "They are kept when tower install or tower uninstall has changed them",
    });
  }
  const state = await apkStateOf(machine);
  const damage = repair ? await damageOf(machine) : undefined;
  await using looking = openLooking(env, fleet, reporter);
  const { scope } = looking;
  const { sources, context, remember } = await openSources(machine, state, options, looking);
  const plan = planPutBack(kept ?? [], damage?.broken ?? [], state, sources);
  const coming = [...plan.change.coming, ...plan.mended];
  if (options.offline) requireStored(coming, sources, context);
  if (options.json) ending.json = true;
  else env.stdout.write(foundLines(name, plan, damage) + changeLines(name, plan.change));
  const tell = () => options.json && env.stdout.write(putBackJson(name, plan, damage));
  if (options.dryRun) return void tell();
  if (options.confirm && coming.length > 0 && !await isPermitted([machine], env)) {
    ending.code = 1;
    return;
  }
  await remember();
  const files = await loadComing(coming, sources, context);
  const offered = comingFiles(coming, files, sources, state.arch);
  const failure = await run(machine, plan, repair, offered, { sources, scope, reporter });
  await settle(machine, plan.change, failure, { env, reporter });
  if (repair) requireSound(name, await damageOf(machine));
  tell();
}

async function damageOf(machine: PackageMachine): Promise<ApkDamage> {
  const { name, session } = machine;
  return await gather(session, APK_DAMAGE, { name, become: await machine.root() });
}

async function run(
  machine: PackageMachine,
  { lacking, mended }: PutBack,
  repair: boolean,
  files: ReadonlyMap<string, OfferedFile>,
  { sources, scope: around, reporter }: ApkContext,
): Promise<TowerError | undefined> {
  const steps = [
    ...repair ? [["fix", mended.map((m) => m.package.name), "repair packages"] as const] : [],
    ...lacking.length > 0 ? [["add", lacking, "install packages"] as const] : [],
  ];
  if (steps.length === 0) return undefined;
  await using scope = new Scope(around.signal);
  const port = await offerFiles(machine, files, { scope, reporter });
  const repositories = repositoryOptions(sources, port);
  for (const [applet, words, title] of steps) {
    reporter.report({ type: "step", id: "apk", title: `${machine.name}: ${title}` });
    const work = { applet, repositories, words, title };
    const failure = await execApk(machine, work, { signal: scope.signal, reporter });
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
