import { TowerError } from "../../lib/errors.ts";
import { inlineText, wholeBlob } from "../../lib/tree/content.ts";
import type { Entry } from "../../lib/tree/entry.ts";
import type { FilesPlan } from "../plan/plan.ts";
import type { Stage } from "./stage.ts";

/** Lays the overlay over the tree, then the manifest's own files, then removes what it names. */
export const files: Stage<FilesPlan> = (tree, plan, { epoch }) => {
  const origin = "stage:files" as const;
  const owned = { uid: 0, gid: 0, mtime: epoch, origin };
  const put = (entry: Entry) => {
    tree.putParents(entry.path, origin, epoch);
    tree.put(entry);
  };
  for (const { path, digest, size, executable } of plan.overlay) {
    put({
      ...owned,
      type: "file",
      path,
      mode: executable ? 0o755 : 0o644,
      content: wholeBlob({ digest, size }),
    });
  }
  for (const file of plan.files) {
    const { path } = file;
    if ("contents" in file) {
      const { mode, uid, gid } = file;
      put({ ...owned, type: "file", path, mode, uid, gid, content: inlineText(file.contents) });
    } else if ("symlink" in file) {
      put({ ...owned, type: "symlink", path, mode: 0o777, target: file.symlink });
    } else {
      const { mode, uid, gid } = file;
      put({ ...owned, type: "directory", path, mode, uid, gid });
    }
  }
  const missing = plan.remove.filter((path) => !tree.remove(path));
  if (missing.length === 0) return;
  throw new TowerError(
    "not-found",
    `Cannot remove ${missing.map((path) => `"/${path}"`).join(", ")}: nothing is there`,
    { hint: "take it off the list of the files stage" },
  );
};
