import { TowerError } from "../../errors.ts";
import type { Host } from "../host.ts";
import type { HostFacts } from "../facts/host_facts.ts";
import { type Plan, sequenceOf } from "./step.ts";

/** A clock that is off by less than so many seconds is left alone. */
export const CLOCK_TOLERANCE = 2;

/**
 * No true time is before this: 2024-01-01, TowerOS' last. A machine whose clock says less lost it, as one without a
 * battery does.
 */
const EARLIEST = 1_704_067_200;

/**
 * Gives offline hosts the time. It is a number of this program's own making: no text of a host or
 * of the router ever gets into a command (facts A1).
 *
 * @param hosts `askedAt` is this machine's time when a host told its own.
 * @param now Seconds since 1970.
 * @throws {TowerError} `unsupported` where this machine does not know the time itself.
 */
export function planClocks(
  hosts: readonly {
    readonly host: Host;
    readonly facts: HostFacts;
    readonly askedAt: number;
  }[],
  now: number,
): Plan {
  if (!Number.isSafeInteger(now)) throw new RangeError(`${now} is no time`);
  const wrong = hosts.filter(({ host, facts, askedAt }) =>
    host.env.role === "offline" &&
    (facts.time === null || Math.abs(facts.time - askedAt) >= CLOCK_TOLERANCE)
  );
  if (wrong.length === 0) return [];
  const time = new Date(now * 1000).toISOString();
  if (now < EARLIEST) {
    throw new TowerError("unsupported", `Cannot set clocks: this machine's own says ${time}`, {
      hint: "Set this machine's clock first, as root: date -u -s 'YYYY-MM-DD HH:MM'",
    });
  }
  const step = {
    kind: "exec",
    title: `set the clock to ${time}`,
    argv: ["doas", "date", "-u", "-s", `@${now}`],
  } as const;
  return [wrong.map(({ host }) => sequenceOf(host, step))];
}
