import { ARCHES } from "../lib/brand.ts";
import type { Env } from "../lib/env.ts";
import type { AddressPlan } from "../lib/address_plan/address_plan.ts";
import { type Links, positionOf } from "../lib/firewall/roles.ts";
import { THIN_CLIENT } from "../lib/firewall/tower_network.ts";
import {
  positionOfHost,
  type RulesChange,
  rulesChanges,
  type WantedRules,
  wantedRules,
} from "../lib/fleet/firewall.ts";
import { findHost } from "../lib/fleet/host.ts";
import type { Ending } from "../lib/program/ending.ts";
import { changeRules, gatherRules, type RulesTarget } from "../lib/session/firewall.ts";
import { localSession } from "../lib/session/local_session.ts";
import { inventoryPlace } from "../lib/inventory/inventory_files.ts";
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
}

/** Loads the rules of a host's role there, or the thin client's own here. */
export async function applyFirewall(
  name: string | undefined,
  options: ApplyOptions,
  env: Env,
  ending: Ending,
): Promise<void> {
  if (name === undefined && options.oneCable) env.notes.write(`warning: ${ONE_CABLE_WARNING}\n`);
  const { target, wanted } = name === undefined || name === THIN_CLIENT
    ? await ownRules(options, env)
    : await rulesOfHost(name, env);
  using reporter = reporterFor(env, options.json);
  const state = await gatherRules(target, wanted);
  const changes = rulesChanges(wanted, state);
  const applied = await (async (): Promise<Applied> => {
    if (changes.length === 0) return { state: "in force", changes, refused: [] };
    if (options.dryRun) return { state: "differs", changes, refused: [] };
    const title = `${target.name}: load the rules`;
    reporter.report({ type: "step", id: target.name, title });
    const refused = await changeRules(target, wanted, options.timeout);
    reporter.report({ type: "done", id: target.name });
    return { state: "loaded", changes, refused };
  })();
  for (const key of applied.refused) {
    reporter.report({ type: "warning", message: `the kernel of ${target.name} refused ${key}` });
  }
  if (applied.state !== "differs" && !state.isLoadedAtStart) {
    const mend = "rc-update add iptables boot && rc-update add ip6tables boot";
    const message = `no service of ${target.name} loads the rules at its next start: ${mend}`;
    reporter.report({ type: "warning", message });
  }
  tell(target.name, applied, env, ending);
}

/** The thin client's, for this machine. */
async function ownRules(
  cables: { readonly oneCable: boolean },
  env: Env,
): Promise<{ target: RulesTarget; wanted: WantedRules }> {
  const { runner, signal, home } = env;
  await requireRoot(env, "load this machine's rules", "tower firewall apply");
  // The user's hosts are not needed, and root shall leave nothing among a user's files.
  const plan = addressPlan(inventoryPlace(home, signal));
  return {
    target: { name: THIN_CLIENT, session: localSession(runner), asRoot: [] },
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
): Promise<{ target: RulesTarget; wanted: WantedRules }> {
  const fleet = await openFleet(env);
  const host = findHost(fleet.inventory, name);
  return {
    target: { name: host.name, session: fleet.session(host), asRoot: ["doas"] },
    wanted: wantedRules(positionOfHost(host.env), undefined),
  };
}

function tell(name: string, { state, changes, refused }: Applied, env: Env, ending: Ending): void {
  if (ending.json || state === "differs") {
    return tellChanges(name, { state, changes, refused }, { env, ending });
  }
  const said = { "in force": "already in force", loaded: "in force, and kept for its next start" };
  env.stdout.write(`${name}: ${said[state]}\n`);
}
