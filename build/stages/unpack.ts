import { z } from "zod";
import type { PlannedSource, SourceContent } from "../../lib/archive/entry.ts";
import { inBreaths } from "../../lib/breathe.ts";
import { atField, TowerError } from "../../lib/errors.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { fileMode, plainPath, sourceName, treePath } from "../../lib/schema/scalars.ts";
import { wholeBlob } from "../../lib/tree/content.ts";
import { placeOf } from "../../lib/tree/place.ts";
import { type Stage, stageKind } from "./stage.ts";
import { putEntries, putNew } from "./unpacked_entries.ts";

const source = sourceName.describe("A name among the manifest's sources.");

/** What of an archive is taken, and how. */
const ofArchive = {
  folder: plainPath.optional().describe(
    "Folder of the archive: what lies in it is taken, and nothing else.",
  ),
  owner: z.enum(["root", "archive"]).default("root").describe(
    "Whose the entries are: root:root, or the numbers that the archive has.",
  ),
  setuid: z.boolean().default(false).describe(
    "Takes files that run with their owner's rights, and capabilities, where the archive has them.",
  ),
  devices: z.boolean().default(false).describe("Takes devices and FIFOs."),
  attributes: z.boolean().default(false).describe(
    "Takes access lists, security labels and all attributes but those of users, where the archive has " +
      "them.",
  ),
};

const spec = z.strictObject({
  kind: z.literal("unpack"),
  ...forArches,
  source,
  path: treePath.optional().describe(
    "Where it goes: the folder of an archive's entries, by default the tree's root; the path of a file.",
  ),
  ...ofArchive,
  mode: fileMode.optional().describe("Of a file: octal in quotes; 0644 by default."),
  replace: z.boolean().default(false).describe("Takes the place of files that are there."),
}).describe(
  "Puts what a source holds into the tree. Folders that are there stay as they are; all times are " +
    "the build's.",
);

type Spec = z.infer<typeof spec>;

/** A source as what a tree begins with: all of an archive, or a folder of it, is its root. */
export const sourceBeginning = z.strictObject({ source, ...ofArchive });

/** The stage that puts the archive into an empty tree. */
export function unpackBeginning(beginning: z.infer<typeof sourceBeginning>): Spec {
  return { kind: "unpack", ...beginning, replace: false };
}

/** A spec without what is for all kinds, and its source by digest. */
export interface UnpackPlan extends Omit<Spec, "arches" | "source" | "path"> {
  readonly source: PlannedSource & { readonly name: string };
  /** In the tree; "" is its root. */
  readonly path: string;
}

/**
 * Puts the entries of an archive below a path, or a file at it.
 *
 * @throws {TowerError} `conflict` where something is in the way, or a link of the tree leads out of
 * the path; `unsupported` for what has to be asked for; `usage` for fields that do not fit the source.
 */
const apply: Stage<UnpackPlan> = async (tree, plan, { sources, epoch, breathe }) => {
  const content = sources.get(plan.source.name)!;
  refuseUnfit(plan, content);
  const owned = { uid: 0, gid: 0, mtime: epoch, origin: `source:${plan.source.name}` } as const;
  if (content.type === "entries") {
    return await inBreaths(putEntries(tree, content, plan, owned), breathe);
  }
  atField(["path"], () => {
    const path = placeOf(tree, plan.path);
    const { mode = 0o644, replace } = plan;
    const file = { ...owned, type: "file", path, mode, content: wholeBlob(content.file) } as const;
    putNew(tree, file, { replace });
  });
};

/** A field that says nothing of this source was meant for another one. */
function refuseUnfit(plan: UnpackPlan, { type }: SourceContent): void {
  const { source: { name }, path, folder, owner, mode, setuid, devices, attributes } = plan;
  const refuse = (field: string, cause: string, hint?: string) => {
    throw new TowerError("usage", `Cannot unpack source "${name}": ${cause}`, {
      ...(hint === undefined ? {} : { hint }),
      at: [field],
    });
  };
  if (type === "entries") {
    if (mode !== undefined) refuse("mode", 'it has many entries, and "mode" is of one file');
    return;
  }
  if (path === "") {
    const hint = 'an archive says which by the "format" of its source';
    refuse("source", 'it is one file, which needs a "path"', hint);
  }
  const isOfArchives = {
    folder: folder !== undefined,
    owner: owner !== "root",
    ...{ setuid, devices, attributes },
  };
  for (const [field, isGiven] of Object.entries(isOfArchives)) {
    if (isGiven) refuse(field, `it is one file, and "${field}" is of archives`);
  }
}

export const unpack = stageKind({
  spec,
  source: ({ source }) => source,
  plan: ({ source: name, path = "", ...rest }, { sources }): UnpackPlan => ({
    ...rest,
    source: { name, ...sources.get(name)! },
    path,
  }),
  line: ({ source: { name, format }, path }) => `${name} (${format}) at /${path}`,
  apply,
});
