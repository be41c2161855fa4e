import { z } from "zod";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { accounts } from "../stages/accounts.ts";
import { files } from "../stages/files.ts";
import { initramfs } from "../stages/initramfs.ts";
import { kernel } from "../stages/kernel.ts";
import { packages } from "../stages/packages.ts";
import { secureBoot } from "../stages/secure_boot.ts";
import { services } from "../stages/services.ts";
import { slots } from "../stages/slots.ts";
import type { OverlayFolder, StageContext, StagePlanning } from "../stages/stage.ts";
import { sourceBeginning, unpack, unpackBeginning } from "../stages/unpack.ts";
import { uki } from "../stages/uki.ts";
import { verity } from "../stages/verity.ts";
import { embed } from "./embed.ts";
import type { FieldPath } from "../../lib/errors.ts";
import { fieldInSpec, type OutputPlan, type OutputSpec } from "./outputs.ts";
import { kindOf, type PlansOf, type SpecsOf, specsOf } from "../../lib/schema/kind.ts";

/** Every kind of stage. */
const STAGES = [
  packages,
  files,
  accounts,
  services,
  kernel,
  initramfs,
  verity,
  uki,
  secureBoot,
  slots,
  embed,
  unpack,
] as const;

export const stageSpec = z.discriminatedUnion("kind", specsOf(STAGES));
export type StageSpec = SpecsOf<typeof STAGES>;
export type StagePlan = PlansOf<typeof STAGES>;

/** A kind, whichever it is: its specs and plans are its own. */
interface AnyStage {
  readonly spec: z.ZodType<StageSpec>;
  readonly overlay?: (spec: StageSpec) => OverlayFolder | undefined;
  readonly source?: (spec: StageSpec) => string | undefined;
  readonly plan: (spec: StageSpec, planning: StagePlanning<StagePlan>) => StagePlan;
  readonly line: (plan: StagePlan) => string;
  readonly apply: (tree: FileTree, plan: StagePlan, context: StageContext) => void | Promise<void>;
}

const find = kindOf<AnyStage>(STAGES);

/** What a manifest says of a source that a tree begins with, and the stage that it stands for. */
export const beginningSpec = sourceBeginning;
export function beginningStage(spec: z.infer<typeof beginningSpec>): StageSpec {
  return unpackBeginning(spec);
}

/** The folder beside its manifest whose files a stage takes, if any. */
export function overlayOf(spec: StageSpec): OverlayFolder | undefined {
  return find(spec.kind).overlay?.(spec);
}

/** The source of the manifest that a stage takes, if any. */
export function sourceOf(spec: StageSpec): string | undefined {
  return find(spec.kind).source?.(spec);
}

/** @param before the plans of all stages before it */
export function planStage(
  spec: StageSpec,
  { before, ...planning }:
    & Omit<StagePlanning<StagePlan>, "earlier">
    & { readonly before: readonly StagePlan[] },
): StagePlan {
  const earlier = before.filter(({ kind }) => kind === spec.kind);
  return find(spec.kind).plan(spec, { ...planning, earlier });
}

/** The output that a stage puts into its tree, if any. */
export function outputInside(stage: StageSpec): OutputSpec | undefined;
export function outputInside(stage: StagePlan): OutputPlan | undefined;
export function outputInside(stage: StageSpec | StagePlan): OutputSpec | OutputPlan | undefined {
  return stage.kind === "embed" ? stage.output : undefined;
}

/** Where a manifest says what a field of a stage's plan is. */
export function stageFieldInSpec(spec: StageSpec, field: FieldPath): FieldPath {
  const output = outputInside(spec);
  const [first, ...rest] = field;
  return output && first === "output" ? [first, ...fieldInSpec(output, rest)] : field;
}

/** A stage in a line. */
export function stageLine(plan: StagePlan): string {
  return `${plan.kind}: ${find(plan.kind).line(plan)}`;
}

export function applyStage(
  tree: FileTree,
  plan: StagePlan,
  context: StageContext,
): void | Promise<void> {
  return find(plan.kind).apply(tree, plan, context);
}
