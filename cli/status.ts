import type { Env } from "../lib/env.ts";
import { TowerError } from "../lib/errors.ts";
import { chooseHosts } from "../lib/fleet/host.ts";
import { canonicalJson } from "../lib/json.ts";
import { lookAt } from "../lib/session/look.ts";
import { isDrawable } from "../lib/program/drawable.ts";
import { reporterFor } from "../lib/program/reporter.ts";
import { telling } from "../lib/report/telling.ts";
import type { Ending } from "../lib/program/ending.ts";
import { openFleet } from "../lib/session/fleet.ts";
import { inventoryPlace } from "../lib/inventory/inventory_reader.ts";
import { FIRST_HOST } from "./list_hosts.ts";
import { screenful } from "./render/screen.ts";
import { brokenText, type Look, lookJson, lookText, statusText } from "./render/status.ts";

/** Seconds between two looks of `--watch`; TowerOS' own. */
const WATCH_EVERY = 10;

/** `tower status`, once or again and again until the signal, which is how a watch ends. */
export async function showStatus(
  names: readonly string[],
  options: { readonly json: boolean; readonly watch: boolean },
  env: Env,
  ending: Ending,
): Promise<void> {
  try {
    for (;;) {
      const look = await told(options, env, () => lookOnce(names, env, ending));
      if (options.json) {
        env.stdout.write(`${canonicalJson(lookJson(look), options.watch ? 0 : 2)}\n`);
      } else if (!options.watch || !drawsOn(env)) tell(look, env);
      if (!options.json && !options.watch) await tellOfThisMachine(look, env);
      if (!options.watch || env.stdout.isClosed) return;
      await pause(WATCH_EVERY, env, () => options.json ? "" : lookText(look));
    }
  } catch (error) {
    if (!options.watch || !env.signal.aborted) throw error;
    ending.code = 130;
  }
}

/** A watch draws by itself. */
async function told(
  { json, watch }: { readonly json: boolean; readonly watch: boolean },
  env: Env,
  look: () => Promise<Look>,
): Promise<Look> {
  if (json || watch) return await look();
  using reporter = reporterFor(env, false);
  return await telling(reporter, "Ask the hosts", look);
}

function drawsOn(env: Env): boolean {
  return env.stdoutIsTerminal && isDrawable(env);
}

async function lookOnce(names: readonly string[], env: Env, ending: Ending): Promise<Look> {
  const fleet = await openFleet(env);
  const statuses = await lookAt(chooseHosts(fleet.inventory, names), fleet);
  const broken = names.length === 0 ? fleet.inventory.broken : [];
  if (broken.length > 0 || statuses.some(({ state }) => state === "fault")) ending.code = 3;
  return { statuses, broken };
}

/** Where no host answers, this machine may be one that reaches none. */
async function tellOfThisMachine({ statuses, broken }: Look, env: Env): Promise<void> {
  if (statuses.length + broken.length === 0) return env.notes.write(FIRST_HOST);
  if (statuses.length === 0 || statuses.some(({ state }) => state !== "down")) return;
  const { thinClientFinding } = await import("./doctor.ts");
  try {
    const finding = await thinClientFinding(inventoryPlace(env.home, env.signal), env);
    if (finding) env.notes.write(`${finding.problem}\n  mend: ${finding.mend}\n`);
  } catch (error) {
    // The table is what was asked for; doctor tells what is wrong here.
    if (!(error instanceof TowerError)) throw error;
  }
}

function tell({ statuses, broken }: Look, env: Env): void {
  env.stdout.write(statusText(statuses));
  env.stderr.write(brokenText(broken));
}

/** Waits, and draws the text on a terminal, at once and whenever its size has changed. */
async function pause(seconds: number, env: Env, text: () => string): Promise<void> {
  const end = performance.now() + seconds * 1000;
  let drawn = "";
  while (performance.now() < end) {
    env.signal.throwIfAborted();
    const { columns, rows } = env;
    const shown = drawsOn(env) ? text() : "";
    if (shown !== "" && drawn !== `${columns} ${rows}`) {
      env.stdout.write(screenful(shown, { columns, rows }));
      drawn = `${columns} ${rows}`;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
