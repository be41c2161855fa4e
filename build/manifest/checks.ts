import type { Arch } from "../../lib/brand.ts";
import type { FieldPath } from "../../lib/errors.ts";
import { OWN_FILES, treeFile } from "../../lib/release/file_names.ts";
import { ROOT_TREE } from "../../lib/tree/root_tree.ts";
import { filesOf } from "../kinds/outputs.ts";
import { outputInside } from "../kinds/stages.ts";
import type { Fault } from "./faults.ts";
import { isOwnFile } from "./file_names.ts";
import { hasPackages, misplacedPackages, packagesStages } from "./packages_stages.ts";
import { isFor } from "./placed.ts";
import type { ManifestDocument } from "./schema.ts";
import { type PlacedSources, sourceFaults } from "./sources.ts";
import { type TreeOrder } from "./tree_order.ts";
import {
  allStages,
  type PlacedOutput,
  type PlacedStage,
  type PlacedTree,
  type PlacedTrees,
} from "./trees.ts";

/** A manifest with all that it extends. */
export interface MergedManifest {
  /** Where it is told what it lacks. */
  readonly placeOf: (field: FieldPath) => string;
  readonly document: Pick<ManifestDocument, "name" | "arches" | "version">;
  readonly sources: PlacedSources;
  readonly trees: PlacedTrees;
  readonly outputs: readonly PlacedOutput[] | undefined;
}

/** All that is wrong with how the parts of a manifest go together. */
export function manifestFaults(merged: MergedManifest, order: TreeOrder): Fault[] {
  const { sources, outputs, trees } = merged;
  const stages = [...trees.values()].flatMap(allStages);
  return [
    ...lackFaults(merged),
    ...order.faults,
    ...[...trees.values()].flatMap(misplacedPackages),
    ...sourceFaults(sources, stages),
    ...archFaults(merged),
    ...nameFaults(merged, outputs ?? []),
    ...versionFaults(merged, outputs ?? [], stages),
  ];
}

function* lackFaults({ document, trees, outputs, placeOf }: MergedManifest): Generator<Fault> {
  if (document.arches === undefined) {
    yield {
      place: placeOf(["arches"]),
      cause: "is missing, and nothing is extended that has it",
      hint: "arches says what it can be built for, such as [x86_64]",
    };
  }
  if (outputs === undefined) {
    yield {
      place: placeOf(["outputs"]),
      cause: "is missing, and nothing is extended that has it",
      hint: "outputs says what is made, such as [{ kind: tar, file: system.tar }]",
    };
  }
  const hasSomething = (tree: PlacedTree) => hasPackages(tree) || beginsFromSource(tree);
  if (![...trees.values()].some(hasSomething)) {
    yield {
      place: placeOf(["stages"]),
      cause: "no tree has packages",
      hint:
        "a stage installs them, such as { kind: packages, world: [alpine-base] }; or a tree begins " +
        "from a source",
    };
  }
}

function beginsFromSource(tree: PlacedTree): boolean {
  return allStages(tree).length > tree.stages.length;
}

/** Each architecture has an output, and something to make it of. */
function* archFaults(
  { document, placeOf, outputs, trees }: MergedManifest,
): Generator<Fault> {
  // What a tree begins with from a source is for all of them.
  const packages = [...trees.values()].flatMap((tree) =>
    beginsFromSource(tree) ? [{}] : packagesStages(tree)
  );
  const parts = [
    ["no output is", (outputs ?? []).map(({ spec }) => spec)],
    ["nothing that trees begin with is", packages],
  ] as const;
  for (const [i, arch] of (document.arches ?? []).entries()) {
    for (const [none, specs] of parts) {
      if (specs.length === 0 || specs.some((spec) => isFor(spec, arch))) continue;
      yield {
        place: placeOf(["arches", i]),
        cause: `${none} for "${arch}"`,
        hint: `leave "${arch}" out, or have something for it`,
      };
    }
  }
}

/** No output takes the name of another one, or one that the build needs itself. */
function nameFaults({ document }: MergedManifest, outputs: readonly PlacedOutput[]): Fault[] {
  const { name, version, arches } = document;
  const namesOf = ({ spec }: PlacedOutput) =>
    filesOf(spec).map((file) => file.replaceAll("{version}", version ?? "{version}"));
  const shareArch = (a: PlacedOutput, b: PlacedOutput) =>
    (arches ?? []).some((arch: Arch) => isFor(a.spec, arch) && isFor(b.spec, arch));
  return outputs.flatMap((output, i) => {
    const place = output.placeOf(["file"]);
    const names = namesOf(output);
    const before = outputs.slice(0, i).filter((other) => shareArch(other, output)).flatMap(namesOf);
    const double = names.find((file, i) => before.includes(file) || names.indexOf(file) !== i);
    const reserved = names.find((file) => isOwnFile(name, file));
    return [
      ...double === undefined ? [] : [{
        place,
        cause: `two outputs are named "${double}"`,
        hint: "give each a file of its own; a disk has a block map beside it, FILE.bmap",
      }],
      ...reserved === undefined ? [] : [{
        place,
        cause: `an output is named "${reserved}", as a file of the build's own`,
        hint: `the build's own: ${OWN_FILES.join(", ")}, ${treeFile(name, ROOT_TREE)}, *.lock.json`,
      }],
    ];
  });
}

/** What is named by the version has one. */
function versionFaults(
  { document }: MergedManifest,
  outputs: readonly PlacedOutput[],
  stages: readonly PlacedStage[],
): Fault[] {
  if (document.version !== undefined) return [];
  const places = [
    ...outputs.map(({ spec, placeOf }) => ({ spec, place: placeOf(["file"]) })),
    ...stages.flatMap(({ spec, placeOf }) => {
      const output = outputInside(spec);
      return output ? [{ spec: output, place: placeOf(["output", "file"]) }] : [];
    }),
  ];
  return places.flatMap(({ spec, place }) => {
    const file = filesOf(spec).find((name) => name.includes("{version}"));
    return file === undefined ? [] : [{
      place,
      cause: `an output is named "${file}", and there is no "version"`,
      hint: 'give the manifest a version, such as version: "1.0"',
    }];
  });
}
