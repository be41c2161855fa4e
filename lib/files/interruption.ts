import type { Breathe } from "../breathe.ts";
import { TowerError } from "../errors.ts";

/** Milliseconds of work until others get their turn: a timer alone takes one. */
const TURN_EVERY = 50;

/** The error of work that a signal ended: the signal's own, where it says more. */
export function interrupted(action: string, reason: unknown): TowerError {
  if (reason instanceof TowerError) return reason;
  return new TowerError("interrupted", `${action}: interrupted`, { cause: reason });
}

/** Lets a signal be heard in long work that waits for nobody, and at once where it was sent before. */
export function breathing(signal: AbortSignal): Breathe {
  let last = -Infinity;
  const turn = async () => {
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
    last = performance.now();
  };
  const none = Promise.resolve();
  return () => performance.now() - last < TURN_EVERY ? none : turn();
}
