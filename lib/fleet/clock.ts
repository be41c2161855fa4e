import type { Host } from "./host.ts";
import type { HostFacts } from "./host_facts.ts";
import type { Plan } from "./step.ts";

/** A clock that is off by less than so many seconds is left alone. */
export const CLOCK_TOLERANCE = 2;

/**
 * Gives offline hosts the time. It is a number of this program's own making: no text of a host or
 * of the router ever gets into a command (facts A1).
 *
 * @param now Seconds since 1970.
 */
export function planClocks(
  hosts: readonly { readonly host: Host; readonly facts: HostFacts }[],
  now: number,
): Plan {
  if (!Number.isSafeInteger(now) || now < 0) throw new RangeError(`${now} is no time`);
  const steps = hosts
    .filter(({ host, facts }) =>
      host.env.role === "offline" &&
      (facts.time === null || Math.abs(facts.time - now) >= CLOCK_TOLERANCE)
    )
    .map(({ host }) => ({
      host,
      title: `set the clock to ${new Date(now * 1000).toISOString()}`,
      argv: ["doas", "date", "-u", "-s", `@${now}`] as [string, ...string[]],
    }));
  return steps.length > 0 ? [steps] : [];
}
