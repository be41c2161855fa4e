import { atField, TowerError } from "../../lib/errors.ts";
import { inlineText, wholeBlob } from "../../lib/tree/content.ts";
import type { Entry } from "../../lib/tree/entry.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { freePlaceOf, placeOf } from "../../lib/tree/place.ts";
import { z } from "zod";
import { forArches } from "../../lib/schema/arches.ts";
import { count } from "../../lib/report/quantity.ts";
import { once } from "../../lib/schema/lists.ts";
import { fileMode, line, numericId, treePath } from "../../lib/schema/scalars.ts";
import { type OverlayFile, type Stage, stageKind } from "./stage.ts";

const spec = z.strictObject({
  kind: z.literal("files"),
  ...forArches,
  overlay: line.min(1).optional().describe(
    "Folder beside the manifest that is laid over the tree, root:root; directories 0755, " +
      "files 0644, files that begin with #! and programs (ELF) 0755.",
  ),
  files: z.array(z.union([
    z.strictObject({
      path: treePath,
      contents: z.string(),
      mode: fileMode.default(0o644).describe("Octal in quotes; files 0644, directories 0755."),
      uid: numericId.default(0),
      gid: numericId.default(0),
    }),
    z.strictObject({ path: treePath, symlink: line.min(1) }),
    z.strictObject({
      path: treePath,
      directory: z.literal(true),
      mode: fileMode.default(0o755),
      uid: numericId.default(0),
      gid: numericId.default(0),
    }),
  ])).superRefine(once("path", (path) => `/${path}`)).default([]),
  remove: z.array(treePath).default([]).describe("Paths taken out of the tree, with all below."),
}).describe("Puts files of the manifest's own into the tree.");

export type FilesSpec = z.infer<typeof spec>;

export interface FilesPlan {
  readonly kind: "files";
  readonly overlay: readonly OverlayFile[];
  readonly files: FilesSpec["files"];
  readonly remove: FilesSpec["remove"];
}

/**
 * Lays the overlay over the tree, then the manifest's own files, then removes what it names. Links
 * that lead to a path are followed inside the tree.
 */
const apply: Stage<FilesPlan> = (tree, plan, { epoch }) => {
  const origin = "stage:files" as const;
  const owned = { uid: 0, gid: 0, mtime: epoch, origin };
  const put = (entry: Entry) => {
    const path = freePlaceOf(tree, entry);
    tree.putParents(path, origin, epoch);
    tree.replace({ ...entry, path });
  };
  for (const { path, digest, size, executable } of plan.overlay) {
    const entry = {
      ...owned,
      type: "file" as const,
      path,
      mode: executable ? 0o755 : 0o644,
      content: wholeBlob({ digest, size }),
    };
    atField(["overlay"], () => put(entry));
  }
  for (const [i, file] of plan.files.entries()) {
    atField(["files", i, "path"], () => put({ ...owned, ...entryOf(file) }));
  }
  const missing = plan.remove.filter((path) => !remove(tree, path));
  if (missing.length === 0) return;
  throw new TowerError(
    "not-found",
    `Cannot remove ${missing.map((path) => `"/${path}"`).join(", ")}: nothing is there`,
    {
      hint: "take it off the list of the files stage",
      at: ["remove", plan.remove.indexOf(missing[0]!)],
    },
  );
};

function entryOf(file: FilesSpec["files"][number]) {
  const { path } = file;
  if ("symlink" in file) {
    return { type: "symlink" as const, path, mode: 0o777, target: file.symlink };
  }
  const { mode, uid, gid } = file;
  return "contents" in file
    ? { type: "file" as const, path, mode, uid, gid, content: inlineText(file.contents) }
    : { type: "directory" as const, path, mode, uid, gid };
}

function remove(tree: FileTree, path: string): boolean {
  try {
    return tree.remove(placeOf(tree, path));
  } catch (error) {
    if (error instanceof TowerError) return false;
    throw error;
  }
}

export const files = stageKind({
  spec,
  overlay: ({ overlay: folder }) => folder === undefined ? undefined : { field: "overlay", folder },
  plan: ({ files, remove }, { overlay }): FilesPlan => ({ kind: "files", overlay, files, remove }),
  line: ({ overlay, files, remove }) =>
    [
      ...overlay.length > 0 ? [`${count(overlay.length, "file")} of overlays`] : [],
      ...files.length > 0 ? [files.map(({ path }) => `/${path}`).join(" ")] : [],
      ...remove.length > 0 ? [`without ${remove.map((path) => `/${path}`).join(" ")}`] : [],
    ].join(", ") || "none",
  apply,
});
