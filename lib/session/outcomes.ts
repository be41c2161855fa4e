import type { Named, Outcome } from "../fleet/operations/step.ts";

/** What came of the one machine that something was done on. @throws why it failed */
export function throwFailure<T>(outcomes: readonly Outcome<T, Named>[]): readonly T[] {
  return outcomes.map(({ result }) => {
    if (result.kind === "failed") throw result.error;
    return result.value;
  });
}
