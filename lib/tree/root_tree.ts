/** The tree that a manifest means where it names none. Without its schema: every start reads this. */
export const ROOT_TREE = "root";
