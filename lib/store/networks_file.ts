import { z } from "zod";
import { type AddressPlan, planOf, TOWER_PLAN } from "../address_plan/address_plan.ts";
import type { TowerPaths } from "../fleet/paths.ts";
import { exists, readText } from "../files/files.ts";
import { decodeYaml } from "../schema/yaml_document.ts";

const side = { network: z.string(), thinClient: z.string(), firstHost: z.number() };
const SCHEMA = z.strictObject({
  online: z.strictObject({ ...side, router: z.string() }),
  offline: z.strictObject(side),
});

/** The one file that changes the networks: `networks.yaml` in the inventory. */
export function networksPath({ folder }: TowerPaths): string {
  return `${folder}/networks.yaml`;
}

/** TowerOS' addresses, unless a file says others. @throws {TowerError} `usage`, `malformed` */
export function addressPlan(paths: TowerPaths): AddressPlan {
  const path = networksPath(paths);
  if (!exists(path)) return TOWER_PLAN;
  return planOf(decodeYaml(readText(path, 65536), path, SCHEMA));
}
