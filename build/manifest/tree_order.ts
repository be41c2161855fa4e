import { didYouMean } from "../../lib/report/did_you_mean.ts";
import { treeUses } from "../kinds/outputs.ts";
import { outputInside } from "../kinds/stages.ts";
import type { Fault } from "./faults.ts";
import { type PlacedOutput, type PlacedTree, type PlacedTrees, treesBegunWith } from "./trees.ts";

/** Where a tree, or an output, is made of a tree. */
interface Use {
  readonly tree: string;
  readonly place: () => string;
}

/** Trees in an order in which they can be made, and what is wrong with how they are used. */
export interface TreeOrder {
  /** Those that outputs are made of, and those that these are made of, which come first. */
  readonly trees: readonly PlacedTree[];
  readonly faults: readonly Fault[];
}

/** @param outputs undefined where nothing says yet what is made of trees: all of them may be used */
export function orderOfTrees(
  trees: PlacedTrees,
  outputs: readonly PlacedOutput[] | undefined,
): TreeOrder {
  const faults: Fault[] = [];
  const done = new Map<string, PlacedTree>();
  const open: string[] = [];
  const visit = ({ tree: name, place }: Use): void => {
    const tree = trees.get(name);
    if (!tree) {
      const meant = didYouMean(name, trees.keys());
      faults.push({
        place: place(),
        cause: `there is no tree "${name}"${meant}`,
        hint: `the trees are ${[...trees.keys()].join(", ") || "none"}`,
      });
    } else if (open.includes(name)) {
      const circle = [...open.slice(open.indexOf(name)), name].map((n) => `"${n}"`);
      const cause = `a tree cannot be made of itself: ${circle.join(" of ")}`;
      faults.push({ place: place(), cause });
    } else if (!done.has(name)) {
      open.push(name);
      usesOf(tree).forEach(visit);
      open.pop();
      done.set(name, tree);
    }
  };
  outputs?.forEach(({ spec, placeOf }) =>
    treeUses(spec).forEach(({ tree, at }) => visit({ tree, place: () => placeOf(at) }))
  );
  const made = [...done.values()];
  const unused = [...trees.values()].filter((tree) => !made.includes(tree));
  for (const tree of unused) {
    if (outputs !== undefined) {
      faults.push({
        place: tree.placeOf([]),
        cause: `nothing is made of the tree "${tree.name}"`,
        hint: `an output is made of it that says "tree: ${tree.name}"`,
      });
    }
    visit({ tree: tree.name, place: () => tree.placeOf([]) });
  }
  return { trees: made, faults };
}

/** The trees that a tree is made of. */
function usesOf(tree: PlacedTree): Use[] {
  const { placeOf, stages } = tree;
  const { from, difference } = treesBegunWith(tree);
  const use = (tree: string, ...field: string[]) => ({ tree, place: () => placeOf(field) });
  return [
    ...from === undefined ? [] : [use(from, "from")],
    ...difference === undefined ? [] : [
      use(difference.from, "difference", "from"),
      use(difference.to, "difference", "to"),
    ],
    ...stages.flatMap(({ spec, placeOf }) => {
      const output = outputInside(spec);
      return (output ? treeUses(output) : [])
        .map(({ tree, at }) => ({ tree, place: () => placeOf(["output", ...at]) }));
    }),
  ];
}
