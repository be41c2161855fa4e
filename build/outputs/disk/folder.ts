import { treeName } from "../../../lib/schema/of_tree.ts";
import { treeFolder } from "../../../lib/schema/scalars.ts";

/** The tree that a content is of. */
export const contentTree = treeName.optional().describe(
  "The tree that it holds a part of; else the disk's.",
);

const FOLDER =
  "Folder of the tree that it holds, without those that other partitions hold of this tree; these " +
  "stay there, empty. / is the root.";

/** The same of a content that always holds some. */
export const ofNeededFolder = { tree: contentTree, folder: treeFolder.describe(FOLDER) };

/** What a content that holds files says of them; a folder of "" is all of the tree. */
export const ofFolder = {
  tree: contentTree,
  folder: treeFolder.optional().describe(FOLDER),
};

/** To be refined by: a tree without a folder would say nothing. */
export const folderBesideTree = [
  ({ tree, folder }: { tree?: string | undefined; folder?: string | undefined }) =>
    tree === undefined || folder !== undefined,
  { path: ["folder"] as string[], message: 'is needed beside "tree"' },
] as const;
