import type { Env } from "../../lib/env.ts";
import { THIN_CLIENT } from "../../lib/firewall/tower_network.ts";
import { findHost } from "../../lib/fleet/host.ts";
import { type Fleet, openFleet } from "../../lib/session/fleet.ts";
import { hostMachine } from "./host_machine.ts";
import { ownMachine } from "./own_machine.ts";
import type { PackageMachine } from "./package_machine.ts";

/** The machines of a tower that have packages, by the names that a command line gives them. */
export interface Machines {
  readonly fleet: Fleet;
  readonly names: ReadonlySet<string>;
  /** @throws {TowerError} `not-found` */
  find(name: string): PackageMachine;
}

/** The hosts of a user's tower, and this machine, whose name no host can have. */
export async function openMachines(env: Env): Promise<Machines> {
  const fleet = await openFleet(env);
  const { inventory } = fleet;
  return {
    fleet,
    names: new Set([...inventory.hosts.map(({ name }) => name), THIN_CLIENT]),
    find: (name) =>
      name === THIN_CLIENT
        ? ownMachine(fleet.place, env)
        : hostMachine(fleet, findHost(inventory, name, [THIN_CLIENT])),
  };
}
