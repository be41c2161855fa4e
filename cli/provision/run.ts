import { resolve } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { printable, TowerError } from "../../lib/errors.ts";
import { findHost, hostName } from "../../lib/fleet/host.ts";
import { hostFolder } from "../../lib/fleet/paths.ts";
import { hostVolumes } from "../../lib/boot/host_volumes.ts";
import { isConfirmed } from "../../lib/program/confirmation.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { openDisk } from "../../lib/files/disk_file.ts";
import { missingInclude, untouchableConfig } from "../../lib/inventory/user_ssh_config.ts";
import { imageAt } from "../../lib/release/built_images.ts";
import { type Fleet, openFleet } from "../../lib/session/fleet.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { addressPlan } from "../../lib/store/networks_file.ts";
import { rewriteMenu } from "../menu/keep_menu.ts";
import { chooseCard } from "./choose.ts";
import { bootFiles } from "../../lib/provision/identity.ts";
import { requireKnownPlace } from "../../lib/provision/known_place.ts";
import { requireFiles } from "../../lib/provision/medium.ts";
import { requireOwnNetwork } from "../../lib/provision/own_network.ts";
import { placeOf } from "../../lib/provision/place.ts";
import { planProvision } from "../../lib/provision/plan.ts";
import { provision, type ProvisionOutcome } from "../../lib/provision/provision.ts";
import { startHosts } from "../../lib/provision/start_hosts.ts";
import { type Answers, readAnswers } from "../../lib/provision/answers.ts";
import {
  answersFor,
  deviceTarget,
  type GivenAnswers,
  type HostWish,
  type ProvisionRequest,
  targetOf,
  wishOf,
} from "../../lib/provision/request.ts";
import { tellAfterwards, tellPlans } from "./tell.ts";

/** What only the command line says. */
interface RunOptions extends GivenAnswers {
  readonly answers?: string | undefined;
  readonly ifname?: string | undefined;
  readonly confirm: boolean;
  readonly wait: boolean;
  readonly timeout: number;
  readonly dryRun: boolean;
  readonly verifyOnly: boolean;
  readonly json: boolean;
}

/** The command `provision`, from its options to its exit. */
export async function runProvision(
  names: readonly string[],
  options: RunOptions,
  env: Env,
  ending: Ending,
): Promise<void> {
  const path = (p: string) => resolve(env.cwd, p);
  const { answers: file, ifname, confirm, wait, timeout, dryRun, verifyOnly, json, ...given } =
    options;
  const fromFile = file === undefined ? { all: {}, hosts: {} } : readAnswers(path(file));
  const answers = answersFor(names, given, fromFile);
  const fleet = await openFleet(env);
  if (verifyOnly) return names.forEach((name, i) => verify(name, answers[i]!, fleet, env, path));
  const locale = placeOf(env);
  const wishes = names.map((name, i) => wishOf(name, answers[i]!, locale, path));
  for (const wish of wishes) requireKnownPlace(wish, env);
  const requests = await withTargets(wishes, answers, env, path);
  using reporter = reporterFor(env, json);
  const site = { env, place: fleet.place, plan: addressPlan(fleet.place), reporter };
  using owned = new DisposableStack();
  const waits = wait ? timeout : undefined;
  const plans = await planProvision(requests, fleet.inventory, site, owned, waits);
  const awaited = plans.filter(({ steps }) => steps.some(({ kind }) => kind === "wait"))
    .map(({ request }) => request);
  await requireOwnNetwork(awaited, ifname, site.plan, env);
  tellPlans(plans, { dryRun, json }, env);
  if (dryRun) return;
  if (confirm && !await isConfirmed(env)) {
    ending.code = 1;
    return env.stderr.write("Nothing was changed.\n");
  }
  const outcomes = await provision(plans, fleet.inventory, site);
  await rewriteMenu(fleet, env, reporter);
  throwOnly(outcomes);
  const missing = missingInclude(fleet.place);
  if (missing && untouchableConfig(fleet.place) === undefined) {
    reporter.report({ type: "warning", message: `${missing.problem}; ${missing.mend}` });
  }
  tellAfterwards(outcomes, plans, { env, ending });
  const started = awaited.map(({ name }) => name)
    .filter((name) => outcomes.some((o) => o.host.name === name && o.result.kind === "done"));
  const failed = started.length === 0
    ? []
    : await startHosts(started, timeout, await openFleet(env), reporter);
  if (plans.length === 1 && failed.length > 0) throw failed[0];
  if (failed.length > 0) ending.code = 3;
  for (const error of failed) {
    const { message, hint } = error as TowerError;
    reporter.report({ type: "warning", message: hint ? `${message}. ${hint}` : message });
  }
}

/** Asks for the cards that nobody named. */
async function withTargets(
  wishes: readonly HostWish[],
  answers: readonly Answers[],
  env: Env,
  path: (p: string) => string,
): Promise<ProvisionRequest[]> {
  const targets = answers.map((a) => targetOf(a, path));
  const taken = targets.flatMap((target) => target?.kind === "device" ? [target.path] : []);
  const requests: ProvisionRequest[] = [];
  for (const [i, wish] of wishes.entries()) {
    const { allowFixedDisk: allowFixed = false } = answers[i]!;
    let target = targets[i];
    if (target === undefined) {
      const card = await chooseCard({ name: wish.name, allowFixed, taken }, env);
      taken.push(card);
      target = deviceTarget(card, answers[i]!);
    }
    requests.push({ ...wish, target });
  }
  return requests;
}

/** Where there is one host, its failure is the command's. */
function throwOnly(outcomes: readonly ProvisionOutcome[]): void {
  const [only, ...others] = outcomes;
  if (only?.result.kind === "failed" && others.length === 0) throw only.result.error;
}

/** Whether a medium that has not been started yet is as provisioning left it. */
function verify(
  name: string,
  answers: Answers,
  { inventory, place }: Fleet,
  env: Env,
  path: (p: string) => string,
): void {
  const host = findHost(inventory, hostName(name));
  const medium = targetOf(answers, path)?.path;
  if (medium === undefined) {
    throw new TowerError("usage", "Cannot verify: say one of --boot-device and --device-file");
  }
  const { partitions } = answers.image === undefined ? {} : imageAt(path(answers.image));
  using disk = openDisk(medium, "read");
  requireFiles(hostVolumes(disk, partitions), bootFiles(hostFolder(place, host.name), host.env));
  env.stdout.write(`${printable(medium)}: it is ${name}'s, as it was written\n`);
}
