import { TowerError } from "../errors.ts";
import {
  CARDS_LIMIT,
  type CardsState,
  LOOK_AT_CARDS,
  parseCards,
} from "../fleet/thin_client_cards.ts";
import type { Session } from "./session.ts";

/** Asks this machine for its network cards; no root is needed. */
export async function gatherCards(session: Session): Promise<CardsState> {
  const { ending, stdout } = await session.exec({
    argv: ["sh", "-c", LOOK_AT_CARDS],
    outputLimit: CARDS_LIMIT,
    deadline: 15,
  });
  if (ending.kind !== "exited" || ending.code !== 0) {
    throw new TowerError("tool", "Cannot look at the network cards: its shell failed");
  }
  return parseCards(new TextDecoder().decode(stdout));
}
