import { TowerError } from "../../errors.ts";
import { type Host, type Inventory, twinOf } from "../host.ts";
import type { Outcome } from "../operations/step.ts";
import type { HostFacts } from "./host_facts.ts";

/** What a look at a host showed. */
export type HostStatus =
  | {
    readonly host: Host;
    readonly state: "up";
    readonly facts: HostFacts;
    readonly askedAt: number;
  }
  | { readonly host: Host; readonly state: "down" | "fault"; readonly error: unknown };

/** What came of asking a host. */
export function statusOf(
  { host, result }: Outcome<{ facts: HostFacts; askedAt: number }>,
  inventory: Inventory,
): HostStatus {
  if (result.kind === "done") return { host, state: "up", ...result.value };
  const { error } = result;
  const isDown = error instanceof TowerError && error.code === "unreachable";
  return apartFromTwin({ host, state: isDown ? "down" : "fault", error }, inventory);
}

/** Hosts that answered. */
export function upHosts(statuses: readonly HostStatus[]): Host[] {
  return statuses.filter(({ state }) => state === "up").map(({ host }) => host);
}

/** Where two hosts have one address, what was seen there tells nothing of the one that is not up. */
function apartFromTwin(
  status: Exclude<HostStatus, { state: "up" }>,
  inventory: Inventory,
): HostStatus {
  const { host } = status;
  const twin = twinOf(inventory, host);
  if (twin === undefined) return status;
  const error = new TowerError(
    "conflict",
    `Cannot reach "${host.name}": it has the address ${host.env.address} of "${twin}"`,
    { cause: status.error, hint: `tower deprovision ${host.name}, then provision it again` },
  );
  return { host, state: "fault", error };
}
