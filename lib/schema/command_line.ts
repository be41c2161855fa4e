import { referencesIn } from "./references.ts";
import { line } from "./scalars.ts";

/** A kernel's command line. */
export const commandLine = line.max(
  1900,
  "must have at most 1900 characters: a kernel reads 2047 bytes",
);

/** One that may refer to root hashes of files of its tree, as `{roothash:/PATH}`, and to nothing else. */
export const commandLineOfTree = commandLine.refine(
  (text) => referencesIn(text).every(({ value, of }) => value === "roothash" && of.startsWith("/")),
  "must have {roothash:/PATH} alone of that form",
);
