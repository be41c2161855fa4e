import type { Env } from "../env.ts";
import type { Host, Inventory } from "../fleet/host.ts";
import type { ExecutorOptions } from "./executor.ts";
import type { HostSession } from "./session.ts";
import { sshSession } from "./ssh_session.ts";
import type { InventoryPlace } from "../inventory/inventory_reader.ts";
import { openInventory } from "./inventory.ts";

/** Hosts that are worked on at once. */
export const PARALLEL = 20;
/** Seconds until a host on the next switch must answer a connection. */
export const CONNECT_TIMEOUT = 5;

/** The tower of a user: its hosts, and how to reach them. */
export interface Fleet {
  readonly place: InventoryPlace;
  readonly inventory: Inventory;
  readonly executor: ExecutorOptions;
  session(host: Host): HostSession;
}

export async function openFleet(env: Env): Promise<Fleet> {
  const { signal, runner } = env;
  const { place, inventory } = await openInventory(env);
  return {
    place,
    inventory,
    executor: { parallel: PARALLEL, signal },
    session: (host) =>
      sshSession(host, { runner, paths: place, signal, connectTimeout: CONNECT_TIMEOUT }),
  };
}
