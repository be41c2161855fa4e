import { resolve } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { printable, TowerError } from "../../lib/errors.ts";
import { findHost, hostName } from "../../lib/fleet/host.ts";
import { hostFolder } from "../../lib/fleet/paths.ts";
import { canonicalJson } from "../../lib/json.ts";
import { openDisk } from "../../lib/store/disk_file.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { type Fleet, openFleet, reporterFor } from "../fleet.ts";
import { addressPlan } from "../networks.ts";
import { waitForHost } from "../wait.ts";
import { bootFiles } from "./identity.ts";
import { requireFiles } from "./medium.ts";
import { planProvision, provision, type ProvisionPlan } from "./provision.ts";
import { type Answers, type Locale, readAnswers, requestOf } from "./request.ts";

/** What only the command line says. */
interface RunOptions extends Answers {
  readonly answers?: string | undefined;
  readonly confirm: boolean;
  readonly wait: boolean;
  readonly timeout: number;
  readonly dryRun: boolean;
  readonly verifyOnly: boolean;
  readonly json: boolean;
}

/** The command `provision`, from its options to its exit. */
export async function runProvision(name: string, options: RunOptions, env: Env, ending: Ending) {
  const path = (p: string) => resolve(env.cwd, p);
  const { answers: file, confirm, wait, timeout, dryRun, verifyOnly, json, ...given } = options;
  const answers = { ...(file === undefined ? {} : readAnswers(path(file))), ...given };
  const fleet = await openFleet(env);
  if (verifyOnly) return verify(name, answers, fleet, env, path);
  const request = requestOf(name, answers, localeOf(env), path);
  using reporter = reporterFor(env, json);
  const site = { env, place: fleet.place, plan: addressPlan(fleet.place), reporter };
  const plan = await planProvision(request, fleet.inventory, site);
  if (dryRun && json) return env.stdout.write(`${canonicalJson(jsonOf(plan), 2)}\n`);
  if (!json) (dryRun ? env.stdout : env.stderr).write(textOf(plan));
  if (dryRun) return;
  if (confirm && !await isConfirmed(env)) {
    ending.code = 1;
    return env.stderr.write("Nothing was changed.\n");
  }
  const { address } = await provision(plan, fleet.inventory, site);
  if (json) env.stdout.write(`${canonicalJson({ host: name, address, state: "ready" }, 2)}\n`);
  else env.stdout.write(afterwards(name, address, plan));
  if (plan.request.target.kind === "file" || !wait) return;
  const now = await openFleet(env);
  reporter.report({ type: "step", id: "wait", title: `wait for ${name}` });
  await waitForHost(findHost(now.inventory, name), timeout, now);
  reporter.report({ type: "done", id: "wait", note: "it is up" });
}

/** The default is no: the user may be about to lose a disk. */
async function isConfirmed(env: Env): Promise<boolean> {
  const answer = await env.ask("Go on? [y/N] ");
  return /^y(es)?$/i.test(answer?.trim() ?? "");
}

function textOf({ steps, warnings }: ProvisionPlan): string {
  const lines = [
    "This will be done:",
    ...steps.map((step, i) => `  ${i + 1}. ${step}`),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function jsonOf({ request, image, target, steps, warnings }: ProvisionPlan) {
  const { name, role } = request;
  const { path, size, signer } = image;
  return {
    host: name,
    role,
    image: { path, size, signer },
    target: target.description,
    steps,
    warnings,
  };
}

function afterwards(name: string, address: string, { request }: ProvisionPlan): string {
  const place = request.target.kind === "file"
    ? `The image file ${request.target.path} starts it.\n`
    : `Put the card into it, plug it into the ${
      request.role === "offline" ? "offline" : "online"
    } switch and turn it on.\n`;
  return `${name} is made; its address is ${address}.\n${printable(place)}` +
    `Then: tower status ${name}, tower ssh ${name}\n`;
}

/** Defaults from the thin client; a rule that they break is told when tower.env is written. */
function localeOf(env: Env): Locale {
  const [lang = "en_US"] = (env.variable("LANG") ?? "").split(".").filter((l) =>
    /^[a-z]{2,3}_/.test(l)
  );
  const user = env.variable("USER") ?? env.variable("LOGNAME") ?? "tower";
  return {
    username: user === "root" ? "tower" : user,
    keyboardLayout: "us",
    keyboardVariant: "us",
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    lang,
  };
}

/** Whether a medium that has not been started yet is as provisioning left it. */
function verify(
  name: string,
  answers: Answers,
  { inventory, place }: Fleet,
  env: Env,
  path: (p: string) => string,
) {
  const host = findHost(inventory, hostName(name));
  const medium = answers.deviceFile ?? answers.bootDevice;
  if (medium === undefined) {
    throw new TowerError("usage", "Cannot verify: say one of --boot-device and --device-file");
  }
  using disk = openDisk(path(medium), "read");
  requireFiles(disk, bootFiles(hostFolder(place, host.name), host.env));
  env.stdout.write(`${printable(medium)}: it is ${name}'s, as it was written\n`);
}
