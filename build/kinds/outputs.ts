import { z } from "zod";
import type { Digest } from "../../lib/brand.ts";
import { uuidFrom } from "../../lib/format/uuid.ts";
import { atField, type FieldPath } from "../../lib/errors.ts";
import { ROOT_TREE } from "../../lib/tree/root_tree.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { folderTree } from "../../lib/tree/tree_view.ts";
import { disk } from "../outputs/disk.ts";
import { iso } from "../outputs/iso.ts";
import { fat } from "../outputs/fat.ts";
import { file } from "../outputs/file.ts";
import { cpio } from "../outputs/cpio.ts";
import type { OutputPlanning, TreeUse, WriteContext } from "../outputs/output.ts";
import { squashfs } from "../outputs/squashfs.ts";
import { tar } from "../outputs/tar.ts";
import type { Compression } from "../../lib/release/file_names.ts";
import { kindOf, type PlansOf, type SpecsOf, specsOf } from "../../lib/schema/kind.ts";

/** Every kind of output. */
const OUTPUTS = [disk, iso, tar, cpio, squashfs, fat, file] as const;

export const outputSpec = z.discriminatedUnion("kind", specsOf(OUTPUTS));
export type OutputSpec = SpecsOf<typeof OUTPUTS>;
type KindPlan = PlansOf<typeof OUTPUTS>;
/** What an output is made of: a tree, or a folder of it, and parts of other trees. */
interface MadeOf {
  readonly tree: string;
  readonly folder?: string | undefined;
  /** Ids of the others, by name. */
  readonly others?: Readonly<Record<string, Digest>>;
}
export type OutputPlan = KindPlan & MadeOf;

/** A kind, whichever it is: its specs and plans are its own. */
interface AnyOutput {
  readonly spec: z.ZodType<OutputSpec>;
  readonly files: (spec: OutputSpec) => readonly string[];
  readonly others?: (spec: OutputSpec) => readonly TreeUse[];
  readonly plan: (spec: OutputSpec, planning: OutputPlanning) => KindPlan;
  readonly fieldInSpec?: (spec: OutputSpec, field: FieldPath) => FieldPath;
  readonly line: (plan: OutputPlan) => string;
  readonly details?: (plan: OutputPlan) => readonly string[];
  readonly write: (tree: FileTree, plan: OutputPlan, context: WriteContext) => Promise<void>;
}

const find = kindOf<AnyOutput>(OUTPUTS);

/** Names of the files that an output makes, as the manifest has them. */
export function filesOf(spec: OutputSpec): readonly string[] {
  return find(spec.kind).files(spec);
}

/** The trees that an output is made of, and the fields that name them. */
export function treeUses(spec: OutputSpec): readonly TreeUse[] {
  return [{ tree: spec.tree, at: ["tree"] }, ...find(spec.kind).others?.(spec) ?? []];
}

/** Names of the trees that an output is made of. */
export function treesOf({ tree, others = {} }: MadeOf): readonly string[] {
  return [tree, ...Object.keys(others)];
}

/** @param treeId id of a tree that it is made of: UUIDs follow from these */
export function planOutput(
  spec: OutputSpec,
  treeId: (name: string) => Digest,
  named: Omit<OutputPlanning, "uuid">,
): OutputPlan {
  const uuid = (name: string, tree = spec.tree) => uuidFrom(`${treeId(tree)} ${spec.file} ${name}`);
  const folder = "folder" in spec && spec.folder !== undefined ? { folder: spec.folder } : {};
  const others = treeUses(spec).map(({ tree }) => tree).filter((tree) => tree !== spec.tree);
  return {
    ...find(spec.kind).plan(spec, { ...named, uuid }),
    tree: spec.tree,
    ...folder,
    ...(others.length === 0
      ? {}
      : { others: Object.fromEntries(others.map((tree) => [tree, treeId(tree)])) }),
  };
}

/** Where a manifest has what an output's plan has in a field. */
export function fieldInSpec(spec: OutputSpec, field: FieldPath): FieldPath {
  return find(spec.kind).fieldInSpec?.(spec, field) ?? field;
}

/** How an output is compressed, where its kind lets a manifest say. */
export function compressionOf(plan: OutputPlan): Compression | "none" {
  return "compression" in plan ? plan.compression : "none";
}

/** An output in a line, and what is in it in more. */
export function outputLines(plan: OutputPlan): readonly string[] {
  const { tree, folder } = plan;
  const of = [
    ...folder === undefined ? [] : [`/${folder}`],
    ...tree === ROOT_TREE ? [] : [`tree ${tree}`],
  ].join(" of ");
  const { line, details } = find(plan.kind);
  return [
    `${plan.file}: ${line(plan)}${of === "" ? "" : `, of ${of}`}`,
    ...(details?.(plan) ?? []).map((text) => `  ${text}`),
  ];
}

/** Writes the files of a plan; its context has all trees that it is made of. */
export async function writeOutput(plan: OutputPlan, context: WriteContext): Promise<void> {
  const { folder } = plan;
  const tree = context.tree(plan.tree);
  const part = folder === undefined ? tree : atField(["folder"], () => folderTree(tree, folder));
  await find(plan.kind).write(part, plan, context);
}
