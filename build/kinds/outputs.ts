import { z } from "zod";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { disk } from "../outputs/disk.ts";
import { cpio } from "../outputs/cpio.ts";
import type { OutputPlanning, WriteContext } from "../outputs/output.ts";
import { tar } from "../outputs/tar.ts";
import type { Compression } from "../../lib/release/file_names.ts";
import { kindOf, type PlansOf, type SpecsOf, specsOf } from "./kind.ts";

/** Every kind of output. */
const OUTPUTS = [disk, tar, cpio] as const;

export const outputSpec = z.discriminatedUnion("kind", specsOf(OUTPUTS));
export type OutputSpec = SpecsOf<typeof OUTPUTS>;
export type OutputPlan = PlansOf<typeof OUTPUTS>;

/** A kind, whichever it is: its specs and plans are its own. */
interface AnyOutput {
  readonly spec: z.ZodType<OutputSpec>;
  readonly files: (spec: OutputSpec) => readonly string[];
  readonly plan: (spec: OutputSpec, planning: OutputPlanning) => OutputPlan;
  readonly line: (plan: OutputPlan) => string;
  readonly write: (tree: FileTree, plan: OutputPlan, context: WriteContext) => Promise<void>;
}

const find = kindOf<AnyOutput>(OUTPUTS);

/** Names of the files that an output makes, as the manifest has them. */
export function filesOf(spec: OutputSpec): readonly string[] {
  return find(spec.kind).files(spec);
}

export function planOutput(spec: OutputSpec, planning: OutputPlanning): OutputPlan {
  return find(spec.kind).plan(spec, planning);
}

/** How an output is compressed, where its kind lets a manifest say. */
export function compressionOf(plan: OutputPlan): Compression | "none" {
  return "compression" in plan ? plan.compression : "none";
}

/** An output in a line. */
export function outputLine(plan: OutputPlan): string {
  return `${plan.file}: ${find(plan.kind).line(plan)}`;
}

export function writeOutput(
  tree: FileTree,
  plan: OutputPlan,
  context: WriteContext,
): Promise<void> {
  return find(plan.kind).write(tree, plan, context);
}
