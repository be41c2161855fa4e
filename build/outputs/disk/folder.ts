import { z } from "zod";
import { treePath } from "../../../lib/schema/scalars.ts";

/** The folder of the tree that a content holds; "" is all of it. */
export const folder = z.union([z.literal("/").transform(() => ""), treePath]).describe(
  "Folder of the tree that it holds, without those that other partitions hold; these stay there, " +
    "empty. / is the root.",
);
