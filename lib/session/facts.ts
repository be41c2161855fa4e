import { TowerError } from "../errors.ts";
import { FACTS_AGENT } from "../fleet/facts/facts_agent.ts";
import { FACTS_LIMIT, type HostFacts, parseFacts } from "../fleet/facts/host_facts.ts";
import type { HostSession } from "./session.ts";

/** Asks a host for its state, by one connection. @throws {TowerError} as a session and the parser. */
export async function gatherFacts(session: HostSession, deadline: number): Promise<HostFacts> {
  const { ending, stdout } = await session.exec({
    argv: ["sh", "-s"],
    stdin: new TextEncoder().encode(FACTS_AGENT),
    outputLimit: FACTS_LIMIT,
    deadline,
  });
  if (ending.kind !== "exited" || ending.code !== 0) {
    throw new TowerError("tool", `Cannot ask "${session.host.name}": its shell failed`);
  }
  return parseFacts(stdout);
}
