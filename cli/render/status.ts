import { printable } from "../../lib/errors.ts";
import type { HostFacts } from "../../lib/fleet/facts/host_facts.ts";
import type { HostStatus } from "../../lib/fleet/facts/host_status.ts";
import type { Inventory } from "../../lib/fleet/host.ts";
import { formatBytes, percentOf } from "../../lib/report/quantity.ts";
import { table } from "../../lib/report/table.ts";
import { colorName } from "../../lib/tower_env/color_names.ts";
import { errorJson } from "./error_json.ts";

/** What one round of asking showed. */
export interface Look {
  readonly statuses: readonly HostStatus[];
  readonly broken: Inventory["broken"];
}

/** It as a value, for `--json`. */
export function lookJson({ statuses, broken }: Look) {
  const bad = broken.map(({ name, error }) => ({ name, status: "fault", error: errorJson(error) }));
  return [...statuses.map(statusJson), ...bad];
}

/** It as a table, with what is wrong below. */
export function lookText({ statuses, broken }: Look): string {
  return statusText(statuses) + brokenText(broken);
}

/** What is wrong with hosts that cannot be read. */
export function brokenText(broken: Look["broken"]): string {
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

/** The table of hosts that can be asked. */
export function statusText(statuses: readonly HostStatus[]): string {
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
