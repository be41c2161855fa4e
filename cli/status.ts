import { printable } from "../lib/errors.ts";
import type { Env } from "../lib/env.ts";
import { chooseHosts, type Inventory } from "../lib/fleet/host.ts";
import type { HostFacts } from "../lib/fleet/facts/host_facts.ts";
import type { HostStatus } from "../lib/fleet/facts/host_status.ts";
import { canonicalJson } from "../lib/json.ts";
import { formatBytes, percentOf } from "../lib/report/quantity.ts";
import { lookAt } from "../lib/session/look.ts";
import { isDrawable } from "../lib/program/drawable.ts";
import type { Ending } from "../lib/program/ending.ts";
import { openFleet } from "../lib/session/fleet.ts";
import { colorName } from "../lib/tower_env/color_names.ts";
import { errorJson } from "./render/error_json.ts";
import { screenful } from "./render/screen.ts";
import { table } from "../lib/report/table.ts";

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
      const look = await lookOnce(names, env, ending);
      if (options.json) {
        env.stdout.write(`${canonicalJson(lookJson(look), options.watch ? 0 : 2)}\n`);
      } else if (!options.watch || !drawsOn(env)) tell(look, env);
      if (!options.watch || env.stdout.isClosed) return;
      await pause(WATCH_EVERY, env, () => options.json ? "" : lookText(look));
    }
  } catch (error) {
    if (!options.watch || !env.signal.aborted) throw error;
    ending.code = 130;
  }
}

function drawsOn(env: Env): boolean {
  return env.stdoutIsTerminal && isDrawable(env);
}

/** What one round of asking showed. */
interface Look {
  readonly statuses: readonly HostStatus[];
  readonly broken: Inventory["broken"];
}

async function lookOnce(names: readonly string[], env: Env, ending: Ending): Promise<Look> {
  const fleet = await openFleet(env);
  const statuses = await lookAt(chooseHosts(fleet.inventory, names), fleet);
  const broken = names.length === 0 ? fleet.inventory.broken : [];
  if (broken.length > 0 || statuses.some(({ state }) => state === "fault")) ending.code = 3;
  return { statuses, broken };
}

function lookJson({ statuses, broken }: Look) {
  const bad = broken.map(({ name, error }) => ({ name, status: "fault", error: errorJson(error) }));
  return [...statuses.map(statusJson), ...bad];
}

function tell({ statuses, broken }: Look, env: Env): void {
  env.stdout.write(statusText(statuses));
  env.stderr.write(brokenText(broken));
}

function lookText({ statuses, broken }: Look): string {
  return statusText(statuses) + brokenText(broken);
}

function brokenText(broken: Look["broken"]): string {
  return broken.map(({ name, error }) => `${name}: ${printable(error.message)}\n`).join("");
}

/** TowerOS' keys first, then what it did not have. */
function statusJson(status: HostStatus) {
  const { host: { name, env }, state } = status;
  const facts = status.state === "up" ? status.facts : undefined;
  return {
    name,
    status: state,
    "online-host": env.role !== "offline",
    role: env.role,
    ip: env.address,
    "toweros-version": env.version ?? "N/A",
    color: colorName(env.color),
    system: facts?.system ?? "N/A",
    kernel: facts?.kernel,
    load: facts?.load,
    uptime: facts?.uptime,
    "memory-usage": facts ? usedMemory(facts) : "N/A",
    "memory-total": bytes(facts?.memoryTotal),
    "cpu-temperature": temperature(facts),
    "disk-total": bytes(facts?.diskTotal),
    "disk-usage": bytes(facts?.diskUsed),
    "packages-installed": facts?.packages ?? "N/A",
    "time-offset": status.state === "up" ? offset(status) : undefined,
    error: status.state === "up" ? undefined : errorJson(status.error),
  };
}

function statusText(statuses: readonly HostStatus[]): string {
  if (statuses.length === 0) return "No host found.\n";
  const head = [
    "NAME",
    "STATUS",
    "ROLE",
    "ADDRESS",
    "LOAD",
    "MEMORY",
    "TEMP",
    "DISK",
    "PACKAGES",
    "CLOCK",
  ];
  const rows = statuses.map((status) => {
    const { host: { name, env }, state } = status;
    const place = [name, state, env.role, env.address];
    if (status.state !== "up") return [...place, ...head.slice(4).map(() => "-")];
    const { facts } = status;
    const clock = offset(status);
    return [
      ...place,
      facts.load,
      usedMemory(facts),
      temperature(facts),
      share(facts.diskUsed, facts.diskTotal),
      String(facts.packages ?? "N/A"),
      clock === null ? "N/A" : Math.abs(clock) < 2 ? "right" : `${clock > 0 ? "+" : ""}${clock} s`,
    ];
  });
  const notes = statuses.flatMap((s) =>
    s.state === "up" ? [] : [`${s.host.name}: ${printable(errorJson(s.error).messages[0] ?? "")}\n`]
  );
  return table(head, rows) + notes.join("");
}

function usedMemory({ memoryTotal, memoryAvailable }: HostFacts): string {
  return memoryAvailable === null || memoryTotal === null
    ? "N/A"
    : share(Math.max(0, memoryTotal - memoryAvailable), memoryTotal);
}

function share(used: number | null, total: number | null): string {
  return used === null || total === null ? "N/A" : `${percentOf(used, total)}%`;
}

function bytes(kib: number | null | undefined): string {
  return kib === null || kib === undefined ? "N/A" : formatBytes(kib * 1024);
}

function temperature(facts: HostFacts | undefined): string {
  const value = facts?.temperature;
  return value === null || value === undefined ? "N/A" : `${(value / 1000).toFixed(1)} C`;
}

/** Seconds that the host's clock is ahead; null where it told none. */
function offset({ facts, askedAt }: { facts: HostFacts; askedAt: number }): number | null {
  return facts.time === null ? null : facts.time - askedAt;
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
