import { TowerError } from "../errors.ts";

/** The error of work that a signal ended: the signal's own, where it says more. */
export function interrupted(action: string, reason: unknown): TowerError {
  if (reason instanceof TowerError) return reason;
  return new TowerError("interrupted", `${action}: interrupted`, { cause: reason });
}

/** Lets a signal be heard in long work that waits for nobody. @throws the signal's reason */
export async function breathe(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal.throwIfAborted();
}
