import type { Env } from "../env.ts";
import type { Inventory } from "../fleet/host.ts";
import { ensureKnownHosts } from "../inventory/inventory_files.ts";
import { type InventoryPlace, inventoryPlace } from "../inventory/inventory_reader.ts";
import { readInventory } from "../inventory/read_inventory.ts";

/** The hosts of a user's tower, and where what is known of them lies. */
export async function openInventory(
  env: Env,
): Promise<{ readonly place: InventoryPlace; readonly inventory: Inventory }> {
  const place = inventoryPlace(env.home, env.signal);
  const inventory = await readInventory(place);
  env.explain(`${inventory.hosts.length} hosts are known in ${place.folder}`);
  if (inventory.hosts.length > 0) await ensureKnownHosts(place, inventory);
  return { place, inventory };
}
