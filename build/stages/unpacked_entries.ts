import type { ArchiveEntry, SourceContent } from "../../lib/archive/entry.ts";
import type { Steps } from "../../lib/breathe.ts";
import { compareBytes } from "../../lib/bytes/bytes.ts";
import { atField, TowerError } from "../../lib/errors.ts";
import type { Entry, EntryBase } from "../../lib/tree/entry.ts";
import { childOf, type FileTree, parentOf } from "../../lib/tree/file_tree.ts";
import { placeOf } from "../../lib/tree/place.ts";

/** What of an archive goes where. */
export interface UnpackRules {
  /** In the tree; "" is its root. */
  readonly path: string;
  /** Of the archive; all of it by default. */
  readonly folder?: string | undefined;
  readonly owner: "root" | "archive";
  readonly setuid: boolean;
  readonly devices: boolean;
  readonly attributes: boolean;
  readonly replace: boolean;
}

type Owned = Pick<EntryBase, "uid" | "gid" | "mtime" | "origin">;

/** Linux runs a program with these in place of its caller's rights (capabilities(7)). */
const CAPABILITY = "security.capability";
/** Attributes that no program of the system reads as a right (xattr(7)); ACLs and labels are others. */
const OF_USERS = "user.";
/** Folders before what lies in them, files before their other names. */
const ORDER: Readonly<Partial<Record<ArchiveEntry["type"], number>>> = {
  directory: 0,
  hardlink: 2,
};

/** Puts the entries of an archive below a path: nothing leaves it, whatever links are there. */
export function* putEntries(
  tree: FileTree,
  { entries, data }: SourceContent & { readonly type: "entries" },
  rules: UnpackRules,
  owned: Owned,
): Steps<void> {
  const wanted = entriesIn(entries, rules.folder);
  for (const { entry } of wanted) refuseUnasked(entry, rules);
  const base = atField(["path"], () => folderAt(tree, rules.path));
  const places = new Map<string, string>();
  for (const { entry, inside } of wanted) {
    atField(["path"], () => {
      const path = placeBelow(tree, base, inside);
      places.set(entry.path, path);
      const { uid, gid } = rules.owner === "archive" ? entry : owned;
      const common = { ...owned, uid, gid, path, mode: entry.mode, ...xattrsOf(entry) };
      if (entry.type === "directory") putFolder(tree, { ...common, type: "directory" });
      else putNew(tree, { ...common, ...rest(entry) } as Entry, rules);
    });
    yield;
  }

  function rest(entry: ArchiveEntry) {
    const { type, content, device: [major, minor] = [] } = entry;
    switch (type) {
      case "file":
        return { type, content: { kind: "span", blob: data.digest, ...content! } };
      case "hardlink": {
        const target = places.get(entry.target!);
        if (target !== undefined) return { type, target };
        const what = `"${entry.target}", of which it is a second name, is not in the folder`;
        throw new TowerError("conflict", `Cannot unpack "${entry.path}": ${what}`);
      }
      case "symlink":
        return { type, target: entry.target! };
      default:
        return { type, ...(major === undefined ? {} : { major, minor }) };
    }
  }
}

/** The entries of a folder of the archive with their paths in it, in the order that they are put in. */
function entriesIn(
  entries: readonly ArchiveEntry[],
  folder: string | undefined,
): { readonly entry: ArchiveEntry; readonly inside: string }[] {
  const start = folder === undefined ? "" : `${folder}/`;
  const found = entries.filter(({ path }) => path.startsWith(start))
    .map((entry) => ({ entry, inside: entry.path.slice(start.length) }));
  if (found.length === 0) {
    const what = folder === undefined
      ? "the archive has no entries"
      : `it has no folder "${folder}"`;
    const at = folder === undefined ? "source" : "folder";
    throw new TowerError("not-found", `Cannot unpack the source: ${what}`, { at: [at] });
  }
  return found.sort((a, b) =>
    (ORDER[a.entry.type] ?? 1) - (ORDER[b.entry.type] ?? 1) || compareBytes(a.inside, b.inside)
  );
}

function refuseUnasked({ path, type, mode, xattrs }: ArchiveEntry, rules: UnpackRules): void {
  const refuse = (field: "setuid" | "devices" | "attributes", what: string) => {
    throw new TowerError("unsupported", `Cannot unpack "${path}": ${what}`, {
      hint: `look whether it is meant to be; "${field}: true" takes it`,
      at: ["source"],
    });
  };
  const isPrivileged = (mode & 0o6000) !== 0 || xattrs?.some(([name]) => name === CAPABILITY);
  if (isPrivileged && !rules.setuid) {
    refuse("setuid", "it is setuid or setgid, or has capabilities");
  }
  const isSpecial = type === "char" || type === "block" || type === "fifo";
  if (isSpecial && !rules.devices) {
    refuse("devices", `it is a ${type} device`.replace("fifo device", "FIFO"));
  }
  const special = xattrs?.find(([name]) => name !== CAPABILITY && !name.startsWith(OF_USERS));
  if (special && !rules.attributes) {
    refuse("attributes", `it has the attribute "${special[0]}", which may give or take rights`);
  }
}

/** The directory, there or not, that a path leads to. */
function folderAt(tree: FileTree, path: string): string {
  return parentOf(placeOf(tree, childOf(path, "entry")));
}

/** Where an entry goes: links of the tree are followed as long as they stay below the base. */
function placeBelow(tree: FileTree, base: string, inside: string): string {
  const place = placeOf(tree, childOf(base, inside));
  if (base === "" || place.startsWith(`${base}/`)) return place;
  const cause = `a link of the tree leads to "/${place}", out of "/${base}"`;
  throw new TowerError("conflict", `Cannot unpack "${inside}": ${cause}`);
}

function putFolder(tree: FileTree, entry: Entry & { readonly type: "directory" }): void {
  const { path, origin, mtime } = entry;
  const there = tree.get(path);
  const target = there?.type === "symlink" ? tree.resolve(path) : path;
  if (there && target !== undefined && tree.get(target)?.type === "directory") return;
  if (there) throw inTheWay(entry, there);
  tree.putParents(path, origin, mtime);
  tree.put(entry);
}

/** Puts what is no folder where nothing is, or, where that is asked for, no folder. */
export function putNew(
  tree: FileTree,
  entry: Entry,
  { replace }: { readonly replace: boolean },
): void {
  const { path, origin, mtime } = entry;
  const there = tree.get(path);
  if (there && (!replace || there.type === "directory")) throw inTheWay(entry, there);
  tree.putParents(path, origin, mtime);
  tree.replace(entry);
}

function inTheWay({ path, type }: Entry, there: Entry): TowerError {
  const what = `a ${there.type} from ${there.origin} is there`;
  const canReplace = there.type !== "directory" && type !== "directory";
  return new TowerError("conflict", `Cannot unpack the ${type} "/${path}": ${what}`, {
    ...(canReplace ? { hint: '"replace: true" takes its place' } : {}),
  });
}

function xattrsOf({ xattrs }: ArchiveEntry): Pick<EntryBase, "xattrs"> {
  if (!xattrs) return {};
  return { xattrs: new Map(xattrs.map(([name, value]) => [name, Uint8Array.fromBase64(value)])) };
}
