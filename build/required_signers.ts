import type { EfiSigner } from "../lib/secure_boot/efi_signer.ts";
import type { ContentStore } from "../lib/store/ports.ts";
import type { PlaceError } from "./manifest/failed_part.ts";
import type { BuildPlan } from "./plan/plan.ts";
import { certificateOf } from "./stages/secure_boot.ts";

/** Refuses a plan that cannot be signed before any package is loaded. @throws {TowerError} */
export function requireSigners(
  plan: BuildPlan,
  { store, efiSigner }: { readonly store: ContentStore; readonly efiSigner: EfiSigner },
  placeError: PlaceError,
): void {
  for (const { name, stages } of plan.trees) {
    for (const [i, stage] of stages.entries()) {
      if (stage.kind !== "secure-boot" || stage.sign.length === 0) continue;
      try {
        efiSigner.check(certificateOf(stage, store));
      } catch (error) {
        throw placeError({ tree: name, stage: i }, error);
      }
    }
  }
}
