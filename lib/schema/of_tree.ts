import { z } from "zod";
import { ROOT_TREE } from "../tree/root_tree.ts";
import { treePath } from "./scalars.ts";

/** The name of a tree of a manifest. */
export const treeName = z.string().regex(
  /^[a-z][a-z0-9-]{0,30}$/,
  "must be the name of a tree: a-z, 0-9 and -, starting with a letter, at most 31",
);

/** What an output says of the tree that it is made of, whatever its kind. */
export const ofTree = {
  tree: treeName.default(ROOT_TREE).describe("The tree that it is made of."),
};

/** The same of an output that may be made of a part of a tree. */
export const ofFolder = {
  ...ofTree,
  folder: treePath.optional().describe(
    "Folder of the tree that it is made of, as if it were a tree; else all of the tree.",
  ),
};
