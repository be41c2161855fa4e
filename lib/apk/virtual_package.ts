import { TowerError } from "../errors.ts";
import { compareBytes } from "../bytes/bytes.ts";
import { inlineText, textOf } from "../tree/content.ts";
import type { ContentReader } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { identityOf } from "./identity.ts";
import { formatIndex } from "./index_text.ts";

const INSTALLED = "lib/apk/db/installed";
const WORLD = "etc/apk/world";
/** Bound on the database: a system of thousands of packages has about 20 MB. */
const DATABASE_LIMIT = 256 << 20;

/** A package without files that is there for what it depends on. */
export interface VirtualPackage {
  readonly name: string;
  readonly description: string;
  readonly depends: readonly string[];
}

/** The version of a package that a tree's database has; undefined where it has none of the name. */
export function installedVersion(
  tree: FileTree,
  reader: ContentReader,
  name: string,
): string | undefined {
  const record = recordsOf(tree, reader).find((text) => nameIn(text) === name);
  return record === undefined ? undefined : /^V:(.*)$/m.exec(record)?.[1];
}

/**
 * Adds a virtual package to a tree's database and world, as `apk add --virtual` does on a running
 * system (apk-tools src/app_add.c): apk then refuses what its dependencies do not allow, names it
 * in the error, and forgets it with `apk del`.
 */
export function addVirtualPackage(
  tree: FileTree,
  reader: ContentReader,
  { name, description, depends }: VirtualPackage,
): void {
  const text = new TextEncoder().encode([name, ...depends].join("\n"));
  const record = formatIndex([{
    ...{ name, version: "0", arch: "noarch", description, url: "", license: "" },
    ...{ size: 0, installedSize: 0, depends, provides: [], installIf: [] },
    identity: identityOf(text, "Q1"),
  }]).trimEnd();
  const others = recordsOf(tree, reader).filter((text) => nameIn(text) !== name);
  const key = (text: string) => nameIn(text).toLowerCase();
  const records = [...others, record].sort((a, b) => compareBytes(key(a), key(b)));
  replaceText(tree, INSTALLED, records.map((text) => `${text}\n\n`).join(""));
  const world = new Set(textAt(tree, reader, WORLD).split("\n").filter((line) => line !== ""));
  const lines = [...world.add(name)].sort(compareBytes);
  replaceText(tree, WORLD, lines.map((line) => `${line}\n`).join(""));
}

function recordsOf(tree: FileTree, reader: ContentReader): string[] {
  return textAt(tree, reader, INSTALLED).split("\n\n").filter((text) => text !== "");
}

function nameIn(record: string): string {
  return /^P:(.*)$/m.exec(record)?.[1] ?? "";
}

function textAt(tree: FileTree, reader: ContentReader, path: string): string {
  const file = tree.file(path);
  if (file) return textOf(reader, file.content, DATABASE_LIMIT);
  throw new TowerError("not-found", `Cannot change the package database: there is no "/${path}"`);
}

function replaceText(tree: FileTree, path: string, text: string): void {
  tree.put({ ...tree.file(path)!, content: inlineText(text) });
}
