import type { Env } from "../../lib/env.ts";
import { findHost } from "../../lib/fleet/host.ts";
import { installedList } from "../../lib/packages/installed_list.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { openFleet } from "../../lib/session/fleet.ts";
import { installedText, listJson } from "../render/packages.ts";
import { apkStateOf } from "./host_sources.ts";

/** Lists what a host has. */
export async function listPackages(
  name: string,
  { world, json }: { readonly world: boolean; readonly json: boolean },
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const fleet = await openFleet(env);
  const host = findHost(fleet.inventory, name);
  if (json) ending.json = true;
  const all = installedList(await apkStateOf({ fleet }, host));
  const shown = world ? all.filter((p) => p.world !== undefined) : all;
  env.stdout.write(json ? listJson(host.name, shown) : installedText(shown));
}
