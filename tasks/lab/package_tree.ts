import { FileTree, parentOf } from "../../lib/tree/file_tree.ts";
import { inlineText } from "../../lib/tree/content.ts";
import type { Entry, EntryBase } from "../../lib/tree/entry.ts";
import { TowerError } from "../../lib/errors.ts";
import type { DebEntry } from "./deb_archive.ts";
import type { OwnFiles } from "./own_files.ts";
import { type PlacedRecipe, placeOf } from "./recipe.ts";

/** Time of files that are ours: 2026-01-01, as no clock may reach a package. */
export const OWN_TIME = 1_767_225_600;

export interface TreeParts {
  readonly recipe: PlacedRecipe;
  readonly deb: readonly DebEntry[];
  readonly own: OwnFiles;
  /** Prefixes of paths that no package has. */
  readonly drop: readonly string[];
  /** Text of files that a derivation made, by path. */
  readonly derived: ReadonlyMap<string, string>;
}

/** Seconds since 1970 of the newest entry of a .deb, or of our own files where there is none. */
export function buildTimeOf(deb: readonly DebEntry[]): number {
  return deb.reduce((newest, { entry }) => Math.max(newest, entry.mtime), 0) || OWN_TIME;
}

/** All that a package installs. Directories that lost all they held are left out. */
export function packageTree(parts: TreeParts): FileTree {
  const { recipe, own, derived } = parts;
  const origin = `package:${recipe.name}` as const;
  const mtime = buildTimeOf(parts.deb);
  const owned = { uid: 0, gid: 0, mtime, origin };
  const tree = new FileTree({ ...owned, mode: 0o755 });
  const put = (entry: Entry) => {
    tree.putParents(entry.path, origin, mtime);
    tree.put(entry);
  };
  for (const one of parts.deb) {
    const path = placeOf(one.path, recipe, parts.drop);
    if (path !== undefined) put(entryOf(one, path, origin, recipe, parts.drop));
  }
  pruneEmptied(tree, parts.deb);
  for (const [path, mode] of recipe.directories ?? []) {
    put({ ...owned, type: "directory", path, mode });
  }
  for (const [path, target] of recipe.links ?? []) {
    put({ ...owned, type: "symlink", path, mode: 0o777, target });
  }
  for (const { path, mode, content } of own.files) {
    const owner = recipe.owners?.[path];
    const file = { ...owned, type: "file", path, mode } as const;
    put({ ...file, ...owner, content: { kind: "inline", bytes: content } });
  }
  for (const [path, text] of derived) {
    put({ ...owned, type: "file", path, mode: 0o644, content: inlineText(text) });
  }
  return tree;
}

function entryOf(
  { entry, target, content }: DebEntry,
  path: string,
  origin: EntryBase["origin"],
  recipe: PlacedRecipe,
  drop: readonly string[],
): Entry {
  const { mode, uid, gid, mtime, xattrs } = entry;
  const base = { path, mode, uid, gid, mtime, origin, ...(xattrs.size > 0 ? { xattrs } : {}) };
  switch (entry.type) {
    case "file":
      return { ...base, type: "file", content: { kind: "inline", bytes: content } };
    case "directory":
      return { ...base, type: "directory" };
    case "symlink":
      return { ...base, type: "symlink", mode: 0o777, target };
    case "hardlink": {
      const place = placeOf(target, recipe, drop);
      if (place !== undefined) return { ...base, type: "hardlink", target: place };
      break;
    }
  }
  throw new TowerError("unsupported", `Cannot take "/${path}": it is a ${entry.type}`);
}

function pruneEmptied(tree: FileTree, deb: readonly DebEntry[]): void {
  const hadContent = new Set(deb.map(({ path }) => parentOf(path)));
  for (const { type, path } of [...tree.walk()].reverse()) {
    if (type === "directory" && hadContent.has(path) && tree.children(path).length === 0) {
      tree.remove(path);
    }
  }
}
