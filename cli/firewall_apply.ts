import { ARCHES } from "../lib/brand.ts";
import type { Env } from "../lib/env.ts";
import type { AddressPlan } from "../lib/address_plan/address_plan.ts";
import { type Links, positionOf } from "../lib/firewall/roles.ts";
import { THIN_CLIENT } from "../lib/firewall/tower_network.ts";
import {
  planRules,
  positionOfHost,
  type RulesChange,
  rulesChanges,
  rulesFact,
  type WantedRules,
  wantedRules,
} from "../lib/fleet/firewall.ts";
import { findHost } from "../lib/fleet/host.ts";
import { type ShownStep, shownSteps } from "../lib/fleet/operations/shown_step.ts";
import type { Machine } from "../lib/fleet/operations/step.ts";
import type { Ending } from "../lib/program/ending.ts";
import { runPlan } from "../lib/session/executor.ts";
import { gather } from "../lib/session/gather.ts";
import { valuesOf } from "../lib/session/outcomes.ts";
import type { Session } from "../lib/session/session.ts";
import { localSession } from "../lib/session/local_session.ts";
import { inventoryPlace } from "../lib/inventory/inventory_reader.ts";
import { linksOf, ONE_CABLE_WARNING } from "./firewall.ts";
import { openFleet } from "../lib/session/fleet.ts";
import { reporterFor } from "../lib/program/reporter.ts";
import { addressPlan } from "../lib/store/networks_file.ts";
import { tellChanges } from "./render/changes.ts";
import { requireRoot } from "./this_machine.ts";

interface ApplyOptions {
  readonly timeout: number;
  readonly oneCable: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** What was found or done on a machine. */
interface Applied {
  readonly state: "in force" | "differs" | "loaded";
  readonly changes: readonly RulesChange[];
  /** Names of settings that the kernel refused. */
  readonly refused: readonly string[];
  /** What would be done. */
  readonly steps?: readonly ShownStep[];
}

/** A machine whose rules are looked at, how to reach it, and what it should have. */
interface Target {
  readonly machine: Machine;
  readonly session: Session;
  readonly wanted: WantedRules;
}

/** Loads the rules of a host's role there, or the thin client's own here. */
export async function applyFirewall(
  name: string | undefined,
  options: ApplyOptions,
  env: Env,
  ending: Ending,
): Promise<void> {
  if (name === undefined && options.oneCable) env.notes.write(`warning: ${ONE_CABLE_WARNING}\n`);
  const { machine, session, wanted } = name === undefined || name === THIN_CLIENT
    ? await ownRules(options, env)
    : await rulesOfHost(name, env);
  using reporter = reporterFor(env, options.json);
  const state = await gather(session, rulesFact(wanted), machine);
  const changes = rulesChanges(wanted, state);
  const token = crypto.randomUUID().replaceAll("-", "");
  const plan = planRules(machine, wanted, state, { token, timeout: options.timeout });
  const applied = await (async (): Promise<Applied> => {
    if (plan.length === 0) return { state: "in force", changes, refused: [] };
    if (options.dryRun) {
      return { state: "differs", changes, refused: [], steps: shownSteps(plan) };
    }
    const run = { parallel: 1, signal: env.signal, reporter };
    const done = valuesOf(await runPlan(plan, () => session, run));
    return { state: "loaded", changes, refused: done.flatMap(({ said }) => said) };
  })();
  for (const key of applied.refused) {
    reporter.report({ type: "warning", message: `the kernel of ${machine.name} refused ${key}` });
  }
  if (applied.state !== "differs" && !state.isLoadedAtStart) {
    const mend = "rc-update add iptables boot && rc-update add ip6tables boot";
    const message = `no service of ${machine.name} loads the rules at its next start: ${mend}`;
    reporter.report({ type: "warning", message });
  }
  tell(machine.name, applied, env, ending);
}

/** The thin client's, for this machine. */
async function ownRules(
  cables: { readonly oneCable: boolean },
  env: Env,
): Promise<Target> {
  const { runner, signal, home } = env;
  await requireRoot(env, "load this machine's rules", "tower firewall apply");
  // The user's hosts are not needed, and root shall leave nothing among a user's files.
  const plan = addressPlan(inventoryPlace(home, signal));
  return {
    machine: { name: THIN_CLIENT, become: [] },
    session: localSession(runner),
    wanted: await thinClientRules(env, plan, linksOf(cables)),
  };
}

/** What this machine should have. */
export async function thinClientRules(
  { runner }: Env,
  plan: AddressPlan,
  links: Links,
): Promise<WantedRules> {
  const { stdout } = await runner.run({ argv: ["uname", "-m"] });
  const arch = ARCHES.find((a) => a === new TextDecoder().decode(stdout).trim());
  return wantedRules(positionOf("thinclient", plan, links), arch);
}

async function rulesOfHost(
  name: string,
  env: Env,
): Promise<Target> {
  const fleet = await openFleet(env);
  const host = findHost(fleet.inventory, name);
  return {
    machine: { name: host.name, become: ["doas"] },
    session: fleet.session(host),
    wanted: wantedRules(positionOfHost(host.env), undefined),
  };
}

function tell(name: string, applied: Applied, env: Env, ending: Ending): void {
  const { state } = applied;
  if (ending.json || state === "differs") return tellChanges(name, applied, { env, ending });
  const said = { "in force": "already in force", loaded: "in force, and kept for its next start" };
  env.stdout.write(`${name}: ${said[state]}\n`);
}
