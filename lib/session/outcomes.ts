import type { Named, Outcome } from "../fleet/operations/step.ts";

/** What was done on machines of which none failed. @throws why one did */
export function valuesOf<T>(outcomes: readonly Outcome<T, Named>[]): readonly T[] {
  return outcomes.map(({ result }) => {
    if (result.kind === "failed") throw result.error;
    return result.value;
  });
}
