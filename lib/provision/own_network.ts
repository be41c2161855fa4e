import type { AddressPlan } from "../address_plan/address_plan.ts";
import type { Env } from "../env.ts";
import { THIN_CLIENT } from "../firewall/tower_network.ts";
import { CARDS, requireSide } from "../fleet/thin_client_cards.ts";
import { gather } from "../session/gather.ts";
import { localSession } from "../session/local_session.ts";
import type { ProvisionRequest } from "./request.ts";

/**
 * Refuses before anything is written where this machine could not reach the hosts that it is to
 * wait for.
 *
 * @param card The one to look at in place of eth0 and eth1.
 * @throws {TowerError} `usage`, `not-found`, `offline`
 */
export async function requireOwnNetwork(
  awaited: readonly ProvisionRequest[],
  card: string | undefined,
  plan: AddressPlan,
  env: Env,
): Promise<void> {
  const sides = new Set(
    awaited.filter(({ force }) => !force)
      .map(({ role }) => role === "offline" ? "offline" as const : "online" as const),
  );
  if (sides.size === 0) return;
  const state = await gather(localSession(env.runner), CARDS, { name: THIN_CLIENT });
  for (const side of sides) requireSide(state, plan, side, card);
}
