import type { Env } from "../../lib/env.ts";
import { installedList } from "../../lib/packages/installed_list.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { installedText, listJson } from "../render/packages.ts";
import { apkStateOf } from "./host_sources.ts";
import { openMachines } from "./machines.ts";

/** Lists what a machine has. */
export async function listPackages(
  name: string,
  { world, json }: { readonly world: boolean; readonly json: boolean },
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const machine = (await openMachines(env)).find(name);
  if (json) ending.json = true;
  const all = installedList(await apkStateOf(machine));
  const shown = world ? all.filter((p) => p.world !== undefined) : all;
  env.stdout.write(json ? listJson(name, shown) : installedText(shown));
}
