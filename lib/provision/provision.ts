import type { Medium } from "../disk/medium.ts";
import type { HostName, Inventory } from "../fleet/host.ts";
import type { Outcome } from "../fleet/operations/step.ts";
import { PROVISION_KINDS } from "../fleet/provision/steps.ts";
import type { IpAddress } from "../ip/address.ts";
import { Making } from "./making.ts";
import type { ProvisionPlan, ProvisionSite } from "./plan.ts";
import { HANDLERS } from "./steps/handlers.ts";

/** What a host became. */
export interface Provisioned {
  readonly address: IpAddress;
}

/** How it went with one of the hosts. */
export type ProvisionOutcome = Outcome<Provisioned, { readonly name: HostName }>;

/**
 * Does the steps of plans but those that wait for a host, all hosts side by side. A host is in force
 * only when its medium was read back and found right; until then, whatever ends the program,
 * everything is as before (facts C1). What fails for one host leaves the others whole.
 */
export async function provision(
  plans: readonly ProvisionPlan[],
  inventory: Inventory,
  site: ProvisionSite,
  open: (plan: ProvisionPlan) => Promise<Medium> = (plan) => plan.target.open(),
): Promise<ProvisionOutcome[]> {
  using owned = new DisposableStack();
  const makings = plans.map((plan, i) => new Making(plan, inventory.hosts.length + i));
  for (const kind of PROVISION_KINDS) {
    const handler = HANDLERS[kind];
    const takes = ({ plan, failure }: Making) =>
      failure === undefined && plan.steps.some((step) => step.kind === kind);
    const taking = makings.filter(takes);
    if (handler === undefined || taking.length === 0) continue;
    await handler(taking, { ...site, owned, open });
    site.env.signal.throwIfAborted();
  }
  return makings.map((making) => {
    const { failure: error } = making;
    const host = { name: making.name };
    return error === undefined
      ? { host, result: { kind: "done", value: { address: making.staging.address } } }
      : { host, result: { kind: "failed", error } };
  });
}
