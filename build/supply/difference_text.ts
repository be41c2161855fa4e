import { printable } from "../../lib/errors.ts";
import { ROOT_TREE } from "../../lib/tree/root_tree.ts";
import type { BuildDifference, TreeDifference } from "./compare.ts";
import type { Difference } from "./difference.ts";
import type { PackageVersion } from "./package_difference.ts";
import type { ComparedEntry, ListedEntry } from "./tree_listing.ts";
import { isModule } from "./tree_views.ts";

/** A difference as lines for people: `+` came, `-` went, `~` changed. */
export function formatDifference(difference: BuildDifference): string {
  const { trees, commandLines, plans } = difference;
  const parts = [
    plans.before === plans.after ? "" : "plan: another, and UUIDs in images follow from it",
    section(
      "packages",
      difference.packages,
      (p) => `${p.name} ${p.version}${ofTrees(p)}`,
      (before, after) =>
        (before.version === after.version
          ? `${after.name} ${after.version} has other contents`
          : `${after.name} ${before.version} -> ${after.version}`) + ofTrees(after),
    ),
    section(
      "sources",
      difference.sources,
      (s) => `${s.name} (${s.kind})`,
      (before, after) =>
        `${after.name} (${
          before.kind === after.kind ? after.kind : `${before.kind} -> ${after.kind}`
        }) ` +
        "has other contents",
    ),
    ...Object.entries(trees).flatMap(([name, tree]) => treeSections(name, tree)),
    ...commandLines.map((line) =>
      [
        `kernel command line of ${line.file}:`,
        ...line.added.map((a) => `  + ${a}`),
        ...line.removed.map((r) => `  - ${r}`),
      ].join("\n")
    ),
    section(
      "artifacts",
      difference.artifacts,
      (a) => `${a.file} ${a.size} bytes`,
      (before, after) => `${after.file} ${sizes(before.size, after.size)}`,
    ),
  ].filter((part) => part !== "");
  const isWhole = Object.values(trees).every((tree) => tree !== null);
  if (difference.isSame) parts.push(isWhole ? "no differences" : "no differences in the records");
  return printable(parts.join("\n")) + "\n";
}

function ofTrees({ trees = [] }: PackageVersion): string {
  if (trees.length === 0) return "";
  return `, of ${trees.length > 1 ? "trees" : "tree"} ${trees.join(", ")}`;
}

function treeSections(name: string, tree: TreeDifference | null): string[] {
  const of = name === ROOT_TREE ? "" : `tree ${name}, `;
  if (!tree) return [`${of}files: not compared, a listing of the tree is missing`];
  const path = (e: ListedEntry) => `/${e.path}`;
  const withMode = (e: ListedEntry) => `${path(e)} ${e.mode} ${e.uid}:${e.gid}`;
  const withDevice = (e: ListedEntry) => `${withMode(e)} ${e.type} ${e.device?.join(",") ?? ""}`;
  return [
    section(`${of}kernels`, tree.kernels, (release) => release, () => ""),
    section(`${of}kernel modules`, tree.modules, (m) => m.path, (_, after) => after.path),
    section(`${of}services`, tree.services, (s) => `${s.service} (${s.runlevel})`, () => ""),
    section(`${of}setuid and setgid files`, tree.setuid, withMode, changes),
    section(`${of}device nodes`, tree.devices, withDevice, changes),
    section(`${of}files`, withoutModules(tree.files), path, changes),
  ];
}

/** Modules have a section of their own. */
function withoutModules({ added, removed, changed }: Difference<ListedEntry>) {
  return {
    added: added.filter((e) => !isModule(e)),
    removed: removed.filter((e) => !isModule(e)),
    changed: changed.filter(({ after }) => !isModule(after)),
  };
}

/** The fields that changed of an entry. */
export function changes(before: ComparedEntry, after: ComparedEntry): string {
  const said = (name: string, from: unknown, to: unknown) =>
    from === to ? [] : [`${name} ${from ?? "none"} -> ${to ?? "none"}`];
  const fields = [
    ...said("type", before.type, after.type),
    ...said("mode", before.mode, after.mode),
    ...said("owner", `${before.uid}:${before.gid}`, `${after.uid}:${after.gid}`),
    ...said("target", before.target, after.target),
    ...said("device", before.device?.join(","), after.device?.join(",")),
    ...said("size", before.size, after.size),
    ...said("from", before.origin, after.origin),
    ...(before.sha256 === after.sha256 ? [] : ["other contents"]),
    ...(JSON.stringify(before.xattrs) === JSON.stringify(after.xattrs)
      ? []
      : ["other extended attributes"]),
  ];
  return `/${after.path}: ${fields.join(", ")}`;
}

function sizes(before: number, after: number): string {
  if (before === after) return `${after} bytes, other contents`;
  const sign = after > before ? "+" : "";
  return `${before} -> ${after} bytes (${sign}${after - before})`;
}

/** A part of a difference with its counts; "" where nothing differs. */
export function section<T>(
  title: string,
  { added, removed, changed }: Difference<T>,
  one: (item: T) => string,
  both: (before: T, after: T) => string,
): string {
  const lines = [
    ...added.map((item) => `  + ${one(item)}`),
    ...removed.map((item) => `  - ${one(item)}`),
    ...changed.map(({ before, after }) => `  ~ ${both(before, after)}`),
  ];
  if (lines.length === 0) return "";
  const counts = `${added.length} added, ${removed.length} removed, ${changed.length} changed`;
  return [`${title}: ${counts}`, ...lines].join("\n");
}
