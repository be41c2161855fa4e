import { z } from "zod";
import { artifactName } from "../../lib/release/artifact_name.ts";
import { fileName } from "../../lib/schema/scalars.ts";

/** An output's field that names its file. */
export const artifactFile = z.string().refine(
  (text) => fileName.safeParse(artifactName(text, { version: "1", epoch: 0 })).success,
  "must be a file name of letters, digits, dot, plus, minus and underscore; it may have " +
    "{version} and {timestamp}",
).describe(
  "Name of the file. {version} stands for the manifest's version, {timestamp} for the time of " +
    "the newest package (UTC, YYYYmmddHHMMSS).",
);
