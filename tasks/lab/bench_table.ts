import type { PackageSet } from "./recipe.ts";

/**
 * Many packages and much content, for measurements only: nothing boots from it. Everything that
 * Debian puts into a package stays, under Debian's names.
 */
export const bench: PackageSet = {
  folder: "lab-bench",
  arch: "x86_64",
  roots: ["build-essential", "ffmpeg", "git", "mawk", "nginx", "python3"],
  omitted: {},
  drop: [],
  recipes: [],
};
