import type { Card } from "../disk/flash.ts";
import type { Medium } from "../disk/medium.ts";
import type { RootFile } from "../format/fat/inject.ts";
import type { Staging } from "../inventory/staging.ts";
import type { ProvisionPlan } from "./plan.ts";

/** A host on its way to its medium: what the steps that were done made of it. */
export class Making implements Card {
  /** Why it will be none; it takes no further step then. */
  failure?: unknown;
  /** What goes to its boot partition. */
  files: readonly RootFile[] = [];
  #staging: Staging | undefined;
  #medium: Medium | undefined;

  /** @param index Its place among all hosts of the tower, by which it gets its colour. */
  constructor(readonly plan: ProvisionPlan, readonly index: number) {}

  get name() {
    return this.plan.request.name;
  }

  /** Its folder and address, since its first step. */
  get staging(): Staging {
    return there(this.#staging);
  }
  set staging(staging: Staging) {
    this.#staging = staging;
  }

  get medium(): Medium {
    return there(this.#medium);
  }
  set medium(medium: Medium) {
    this.#medium = medium;
  }
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("A step comes before the one that it needs");
  return value;
}
