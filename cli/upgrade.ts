import { resolve } from "@std/path";
import type { Env } from "../lib/env.ts";
import { printable } from "../lib/errors.ts";
import { breathing } from "../lib/files/interruption.ts";
import { imageSignersPath } from "../lib/fleet/paths.ts";
import { inventoryPlace } from "../lib/inventory/inventory_reader.ts";
import { canonicalJson } from "../lib/json.ts";
import { quoteArgv } from "../lib/proc/quoting.ts";
import { reporterFor } from "../lib/program/reporter.ts";
import { describeSystem, type RootedSystem, type Verdict } from "../lib/upgrade/judge.ts";
import { planUpgrade, type UpgradePlan } from "../lib/upgrade/plan.ts";
import { requireSlots } from "../lib/upgrade/running_system.ts";
import { writeSlot } from "../lib/upgrade/write.ts";
import { requireRoot } from "./this_machine.ts";

interface UpgradeOptions {
  readonly image: string;
  readonly signers?: string | undefined;
  readonly allowOlder: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** The command `upgrade`, from its options to its exit. */
export async function runUpgrade(options: UpgradeOptions, env: Env): Promise<void> {
  const { image, allowOlder, dryRun, json } = options;
  requireSlots(env.runner);
  await requireRoot(env, "upgrade this machine", quoteArgv(["tower", "upgrade", "--image", image]));
  const signers = options.signers === undefined
    ? imageSignersPath(inventoryPlace(env.home, env.signal))
    : resolve(env.cwd, options.signers);
  await using owned = new AsyncDisposableStack();
  using reporter = reporterFor(env, json);
  const site = { runner: env.runner, signal: env.signal, explain: env.explain, reporter };
  const wish = { image: resolve(env.cwd, image), signers, allowOlder };
  const plan = await planUpgrade(wish, site, owned);
  const isDone = plan.verdict === "same" || dryRun;
  if (!isDone) {
    if (!json) env.notes.write(printable(`${intent(plan)}\n`));
    await write(plan, site);
  }
  const state = plan.verdict === "same" ? "current" : dryRun ? "planned" : "written";
  if (json) return env.stdout.write(`${canonicalJson(planJson(plan, state), 2)}\n`);
  env.stdout.write(printable(`${{ current, planned: intent, written }[state](plan)}\n`));
}

type Site = Parameters<typeof planUpgrade>[1];

async function write({ next, running }: UpgradePlan, site: Site): Promise<void> {
  const { reporter, runner, signal } = site;
  const id = "write";
  const title = `write and read back slot ${running.other}`;
  reporter.report({ type: "step", id, title, unit: "bytes" });
  const onProgress = (done: number, total: number) =>
    reporter.report({ type: "progress", id, done, total });
  await writeSlot(next, { runner, breathe: breathing(signal), onProgress });
  reporter.report({ type: "done", id });
}

const RELATION: Readonly<Record<Verdict, string>> = {
  same: "the same",
  newer: "newer",
  rebuilt: "another build of the same version",
  older: "OLDER",
  other: "ANOTHER SYSTEM",
};

function intent({ running, next, verdict, signer }: UpgradePlan): string {
  return `${describeSystem(next.id)}, signed by ${signer}, goes into slot ${running.other}; ` +
    `it is ${RELATION[verdict]}: slot ${running.slot} runs ${describeSystem(running.id)}.`;
}

function current({ running }: UpgradePlan): string {
  return `This machine runs ${describeSystem(running.id)} already; nothing was changed.`;
}

function written({ running, next }: UpgradePlan): string {
  return `${
    describeSystem(next.id)
  } is in slot ${running.other}. Start this machine anew, and log in: ` +
    `then it stays. If it does not work, ${describeSystem(running.id)} comes back by itself.`;
}

function planJson({ image, signer, running, next, verdict }: UpgradePlan, state: string) {
  const shown = ({ id: { system, version, epoch }, rootHash }: RootedSystem) => ({
    ...{ system, version: version ?? null, epoch, rootHash },
  });
  return {
    ...{ state, image, signer, is: verdict },
    running: { slot: running.slot, ...shown(running) },
    next: { slot: running.other, ...shown(next) },
  };
}
