import type { ScriptKind } from "../types.ts";

/** What the manifest says about a script that has no native handler. */
export interface ScriptDecision {
  /** Name of the package. */
  readonly package: string;
  readonly script: ScriptKind;
  readonly do: "skip" | "first-boot";
  readonly reason: string;
}

/** What became of a script, for the record of a build. Plain JSON. */
export interface ScriptOutcome {
  readonly package: string;
  readonly script: ScriptKind;
  /** SHA-256 of the script's bytes, lower-case hexadecimal. */
  readonly sha256: string;
  /**
   * `native`: done on the tree. `depmod`: left to the stage that indexes kernel modules.
   * `replaced`: what it is for is done otherwise. `skipped`: by decision. `first-boot`: when the
   * system first starts, by decision or because it needs the machine.
   * `not-triggered`: a trigger that no directory matches. `never-run`: apk does not open packages
   * of installed size 0.
   */
  readonly did:
    | "native"
    | "depmod"
    | "replaced"
    | "skipped"
    | "first-boot"
    | "not-triggered"
    | "never-run";
  /** One sentence for people: the effect, or the reason of the decision. */
  readonly detail: string;
}
