import type { Env } from "../lib/env.ts";
import { findHost } from "../lib/fleet/host.ts";
import { planWifi } from "../lib/fleet/operations/wifi.ts";
import { locked, writeHostFile } from "../lib/inventory/inventory_files.ts";
import { readHosts } from "../lib/inventory/inventory_reader.ts";
import { writeTowerEnv } from "../lib/tower_env/tower_env.ts";
import { wlanOf } from "../lib/tower_env/wlan.ts";
import type { Ending } from "../lib/program/ending.ts";
import { openFleet } from "../lib/session/fleet.ts";
import { execute, type PlanOptions } from "./power.ts";

/** Gives the router a Wi-Fi; its stored settings follow once it has it (facts B9). */
export async function connectWifi(
  ssid: string,
  password: string | undefined,
  options: PlanOptions,
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const fleet = await openFleet(env);
  const router = findHost(fleet.inventory, "router");
  const wlan = wlanOf(ssid, password ?? (await env.askSecret("Password: ")) ?? "");
  const plan = planWifi(router, wlan);
  await execute({ plan, missed: [], isAnyUp: true }, fleet, options, { env, ending });
  if (options.dryRun || ending.code !== 0 || router.env.role !== "router") return;
  await locked(fleet.place, () => {
    // Another tower may have made it anew meanwhile, or forgotten it.
    const now = readHosts(fleet.place).hosts.find(({ name }) => name === router.name);
    if (now?.env.role !== "router") return;
    const bytes = writeTowerEnv({ ...now.env, wlan }, "thinclient");
    writeHostFile(fleet.place, now.name, "tower.env", bytes);
  });
}
