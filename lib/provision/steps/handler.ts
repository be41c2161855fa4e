import type { Medium } from "../../disk/medium.ts";
import type { Making } from "../making.ts";
import type { ProvisionPlan, ProvisionSite } from "../plan.ts";

/** What steps are done with. */
export interface StepSite extends ProvisionSite {
  /** What goes away with the work, however that ends. */
  readonly owned: DisposableStack;
  readonly open: (plan: ProvisionPlan) => Promise<Medium>;
}

/** Does a step with all hosts that take it. What fails for one stays with it. */
export type Handler = (makings: readonly Making[], site: StepSite) => Promise<void>;

/** Does something with one host after another. */
export function oneByOne(work: (making: Making, site: StepSite) => Promise<void>): Handler {
  return async (makings, site) => {
    for (const making of makings) {
      try {
        await work(making, site);
      } catch (error) {
        site.env.signal.throwIfAborted();
        making.failure = error;
      }
    }
  };
}
