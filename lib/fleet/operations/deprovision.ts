import type { Host, HostName } from "../host.ts";
import { planPoweroff } from "./power.ts";
import { type ShownStep, shownSteps } from "./shown_step.ts";
import type { Plan } from "./step.ts";

/** What takes a host out of a tower: shown by `--dry-run`, done in this order. */
export type DeprovisionStep =
  | { readonly kind: "power-off"; readonly plan: Plan }
  | { readonly kind: "forget"; readonly title: string };

/**
 * Takes a host out, also one whose files are broken.
 * @param up It, where it is up.
 * @param folder Where its files lie.
 */
export function planDeprovision(
  name: HostName,
  up: readonly Host[],
  folder: string,
): DeprovisionStep[] {
  const title =
    `remove ${folder} with its keys, and ${name} from SSH's configuration and known hosts`;
  return [
    ...up.length === 0 ? [] : [{ kind: "power-off", plan: planPoweroff(up) } as const],
    { kind: "forget", title },
  ];
}

/** The programs that hosts would run, and what would be done here. */
export function shownDeprovision(steps: readonly DeprovisionStep[]): (ShownStep | string)[] {
  return steps.flatMap<ShownStep | string>((step) =>
    step.kind === "power-off" ? shownSteps(step.plan) : [step.title]
  );
}
