import { TowerError } from "../errors.ts";
import type { Host } from "../fleet/host.ts";
import { HOST_FACTS, type HostFacts } from "../fleet/facts/host_facts.ts";
import { gather } from "./gather.ts";
import type { Fleet } from "./fleet.ts";
import { REAL_CLOCK } from "./real_clock.ts";

/** Seconds between two tries; TowerOS' own. */
const POLL = 3;

/**
 * Waits until a host answers with its known key.
 * @param seconds 0 waits as long as it takes.
 * @returns What it says of itself then.
 * @throws {TowerError} `unreachable` when the time is up; `untrusted` at once, since time heals
 * no wrong key.
 */
export async function waitForHost(
  host: Host,
  seconds: number,
  { session, executor }: Fleet,
): Promise<HostFacts> {
  const end = seconds === 0 ? Infinity : performance.now() + seconds * 1000;
  for (;;) {
    try {
      return await gather(session(host), HOST_FACTS, host);
    } catch (error) {
      executor.signal.throwIfAborted();
      if (!(error instanceof TowerError) || error.code === "untrusted") throw error;
      if (performance.now() < end) {
        await REAL_CLOCK.pause(POLL * 1000, executor.signal);
        continue;
      }
      throw new TowerError("unreachable", `Cannot reach "${host.name}" after ${seconds} s`, {
        cause: error,
        hint: "Is the card in it, the cable on the right switch, the power on? Its screen tells " +
          "what its first start does. tower status shows when it is there",
      });
    }
  }
}
