import { TowerError } from "../../lib/errors.ts";
import { count } from "../../lib/report/quantity.ts";

/** What is wrong with a manifest where each of its fields may be what it is. */
export interface Fault {
  /** `file:line:column: field` */
  readonly place: string;
  readonly cause: string;
  /** What to do, where the cause does not say it. */
  readonly hint?: string;
}

/** An error that tells faults of a manifest as those of its fields are told: a line for each. */
export function faultsError(path: string, faults: readonly Fault[]): TowerError {
  const lines = faults.map(({ place, cause }) => `\n  ${place}: ${cause}`).join("");
  const hints = [...new Set(faults.flatMap(({ hint }) => hint ?? []))];
  return new TowerError(
    "malformed",
    `Cannot use "${path}": ${count(faults.length, "fault")}${lines}`,
    hints.length === 0 ? {} : { hint: hints.join("; ") },
  );
}
