import type { Env } from "../lib/env.ts";
import { printable, TowerError } from "../lib/errors.ts";
import {
  cardFindings,
  CARDS,
  linksInUse,
  ONE_CABLE_WARNING,
} from "../lib/fleet/thin_client_cards.ts";
import {
  keepForeign,
  pinCards,
  planSetup,
  SETUP,
  setupChanges,
  setupFiles,
} from "../lib/fleet/thin_client_setup.ts";
import { THIN_CLIENT } from "../lib/firewall/tower_network.ts";
import { canonicalJson } from "../lib/json.ts";
import type { Ending } from "../lib/program/ending.ts";
import { gather } from "../lib/session/gather.ts";
import { runPlan } from "../lib/session/executor.ts";
import { localSession } from "../lib/session/local_session.ts";
import { inventoryPlace } from "../lib/inventory/inventory_reader.ts";
import { addressPlan } from "../lib/store/networks_file.ts";
import { reporterFor } from "../lib/program/reporter.ts";
import { shownSteps } from "../lib/fleet/operations/shown_step.ts";
import { valuesOf } from "../lib/session/outcomes.ts";
import { tellChanges } from "./render/changes.ts";
import { table } from "../lib/report/table.ts";
import { requireRoot } from "./this_machine.ts";

/** This machine; whoever sets it up is root already. */
const MACHINE = { name: THIN_CLIENT, become: [] } as const;

/** Shows the cards of this machine, and what is wrong with them. */
export async function showNetwork({ json }: { readonly json: boolean }, env: Env): Promise<void> {
  const plan = addressPlan(inventoryPlace(env.home, env.signal));
  const state = await gather(localSession(env.runner), CARDS, MACHINE);
  const links = linksInUse(state, plan);
  const findings = cardFindings(state, plan, links);
  if (json) return env.stdout.write(`${canonicalJson({ ...state, findings }, 2)}\n`);
  const rows = state.cards.map(({ name, mac, isUp, isPlugged, addresses }) => [
    name,
    name === links.online ? "online" : name === links.offline ? "offline" : "-",
    mac,
    isUp ? isPlugged ? "up" : "no cable" : "off",
    addresses.join(" ") || "-",
  ]);
  env.stdout.write(table(["CARD", "NETWORK", "HARDWARE", "STATE", "ADDRESSES"], rows));
  const lines = findings.map(({ problem, mend }) => `${problem}\n  mend: ${mend}\n`);
  env.stdout.write(printable(lines.join("")));
}

/** Other cards may be ways around the tower: their lines stay, but not unseen. */
function foreignWarning(kept: readonly string[]): string {
  const lines = kept.filter((line) => line.trim() !== "").map((line) => `  ${line}\n`);
  return `warning: what is not the tower's stays in this machine's network:\n${lines.join("")}`;
}

interface SetUpOptions {
  readonly online?: string | undefined;
  readonly offline?: string | undefined;
  readonly oneCable: boolean;
  readonly gateway: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Gives this machine the thin client's cards and addresses, now and at every start. */
export async function setUpNetwork(
  { online, offline, oneCable, gateway, dryRun }: SetUpOptions,
  env: Env,
  ending: Ending,
): Promise<void> {
  if (!dryRun) await requireRoot(env, "set up this machine's network", "tower network apply");
  if (oneCable) env.stderr.write(`warning: ${ONE_CABLE_WARNING}\n`);
  const { runner, signal, home } = env;
  const plan = addressPlan(inventoryPlace(home, signal));
  const session = localSession(runner);
  const setup = await gather(session, SETUP, MACHINE);
  const state = await gather(session, CARDS, MACHINE);
  const choice = { ...(online && { online }), ...(offline && { offline }) };
  const cards = pinCards(state, setup.files.mactab, choice, oneCable);
  const wanted = setupFiles(cards, plan, { oneCable, gateway });
  const { files, kept } = keepForeign(wanted, cards, setup);
  if (kept.length > 0) env.notes.write(printable(foreignWarning(kept)));
  const changes = setupChanges(files, setup);
  const told = { env, ending };
  if (changes.length === 0) {
    if (ending.json) return tellChanges(THIN_CLIENT, { state: "in force", changes }, told);
    return env.stdout.write(`${THIN_CLIENT}: already set up\n`);
  }
  const steps = planSetup(MACHINE, files, setup);
  if (dryRun) {
    return tellChanges(THIN_CLIENT, { state: "differs", changes, steps: shownSteps(steps) }, told);
  }
  if (!setup.hasOpenrc) {
    throw new TowerError("unsupported", "Cannot set up this machine's network: it has no OpenRC", {
      hint: "--dry-run shows the files; give the cards their names and addresses by your own means",
    });
  }
  using reporter = reporterFor(env, ending.json);
  valuesOf(await runPlan(steps, () => session, { parallel: 1, signal, reporter }));
  if (ending.json) return tellChanges(THIN_CLIENT, { state: "set up", changes }, told);
  env.stdout.write(`${THIN_CLIENT}: set up; see tower network show\n`);
}
