import { atOnce } from "../breathe.ts";
import { TowerError } from "../errors.ts";
import { compareBytes } from "../bytes/bytes.ts";
import type { BlobWriter } from "../store/ports.ts";
import { inlineText, piecesOf, textOf } from "../tree/content.ts";
import type { ContentReader, FileEntry } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { identityOf } from "./identity.ts";
import { formatIndex } from "./index_text.ts";
import { spooledText } from "./installed_db.ts";

const INSTALLED = "lib/apk/db/installed";
const WORLD = "etc/apk/world";
/** Bytes of the database that are read at once: a system of thousands of packages has 20 MB. */
const PIECE = 1 << 20;

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
  for (const record of recordsOf(tree, reader)) {
    if (nameIn(record) === name) return /^V:(.*)$/m.exec(record)?.[1];
  }
  return undefined;
}

/**
 * Adds a virtual package to a tree's database and world, as `apk add --virtual` does on a running
 * system (apk-tools src/app_add.c): apk then refuses what its dependencies do not allow, names it
 * in the error, and forgets it with `apk del`.
 *
 * @param spool takes the text of what is then installed
 */
export function addVirtualPackage(
  tree: FileTree,
  reader: ContentReader,
  { name, description, depends }: VirtualPackage,
  spool: BlobWriter,
): void {
  const text = new TextEncoder().encode([name, ...depends].join("\n"));
  const record = formatIndex([{
    ...{ name, version: "0", arch: "noarch", description, url: "", license: "" },
    ...{ size: 0, installedSize: 0, depends, provides: [], installIf: [] },
    identity: identityOf(text, "Q1"),
  }]).trimEnd();
  const pieces = withRecord(recordsOf(tree, reader), record);
  tree.put({ ...fileAt(tree, INSTALLED), content: atOnce(spooledText(pieces, spool)) });
  const world = new Set(
    textOf(reader, fileAt(tree, WORLD).content).split("\n").filter((line) => line !== ""),
  );
  const lines = [...world.add(name)].sort(compareBytes);
  const content = inlineText(lines.map((line) => `${line}\n`).join(""));
  tree.put({ ...fileAt(tree, WORLD), content });
}

/** The records of a database with another one in its place, by name without regard to case. */
function* withRecord(records: Iterable<string>, record: string): Generator<string> {
  const key = (text: string) => nameIn(text).toLowerCase();
  let isThere = false;
  for (const other of records) {
    if (nameIn(other) === nameIn(record)) continue;
    if (!isThere && compareBytes(key(other), key(record)) > 0) {
      isThere = true;
      yield `${record}\n\n`;
    }
    yield `${other}\n\n`;
  }
  if (!isThere) yield `${record}\n\n`;
}

function* recordsOf(tree: FileTree, reader: ContentReader): Generator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for (const bytes of piecesOf(reader, fileAt(tree, INSTALLED).content, new Uint8Array(PIECE))) {
    const texts = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
    rest = texts.pop()!;
    yield* texts.filter((text) => text !== "");
  }
  if (rest !== "") yield rest;
}

function nameIn(record: string): string {
  return /^P:(.*)$/m.exec(record)?.[1] ?? "";
}

function fileAt(tree: FileTree, path: string): FileEntry {
  const file = tree.file(path);
  if (file) return file;
  throw new TowerError("not-found", `Cannot change the package database: there is no "/${path}"`);
}
