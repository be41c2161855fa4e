import { printable, TowerError } from "../errors.ts";
import { isVersion } from "./version.ts";
import { asIdentity, type Identity } from "./identity.ts";
import type { IndexedPackage } from "./types.ts";

/** Bytes of one line. The longest known, the `p:` of coq, has 72 KB. */
const MAX_LINE = 1 << 20;
const MAX_PACKAGES = 1_000_000;

type Draft = { -readonly [K in keyof IndexedPackage]: IndexedPackage[K] };
const NO_IDENTITY = "Q1" as Identity;
const NONE: readonly string[] = Object.freeze([]);

/**
 * The packages of an APKINDEX, in its order: records of `X:value` lines that a blank line ends
 * (apk-tools src/database.c apk_db_index_read, src/package.c apk_pkg_add_info).
 *
 * A record with a field of an unknown capital letter, or with a version that is none, becomes a
 * package that is `uninstallable`; unknown small letters are passed over.
 *
 * @param isName {@linkcode isInstalledName} for the packages of a system
 * @throws {TowerError} `malformed` with the line's number.
 */
export function parseIndex(
  text: string,
  isName: (text: string) => boolean = isPackageName,
): IndexedPackage[] {
  const packages: IndexedPackage[] = [];
  let draft: Draft | undefined;
  let line = 0;
  for (let start = 0, end; start <= text.length; start = end + 1) {
    end = text.indexOf("\n", start);
    line++;
    if (end < 0) {
      end = text.length;
      if (end > start) throw malformed(line, "it ends in the middle of a line");
    }
    if (end - start < 2) {
      if (draft) packages.push(finish(draft, line));
      draft = undefined;
      continue;
    }
    if (text.charCodeAt(start + 1) !== 0x3a) throw malformed(line, "it is not of the form X:value");
    if (end - start > MAX_LINE) throw malformed(line, `it is longer than ${MAX_LINE} bytes`);
    if (packages.length >= MAX_PACKAGES) {
      throw malformed(line, `there are more than ${MAX_PACKAGES} packages`);
    }
    draft ??= newDraft();
    readField(draft, text.charCodeAt(start), text.slice(start + 2, end), line, isName);
  }
  return packages;
}

function newDraft(): Draft {
  return {
    identity: NO_IDENTITY,
    name: "",
    version: "",
    arch: "",
    size: 0,
    installedSize: 0,
    description: "",
    url: "",
    license: "",
    depends: NONE,
    provides: NONE,
    installIf: NONE,
  };
}

/** Fields by the code of their letter, most frequent kinds first in the engine's jump table. */
function readField(
  draft: Draft,
  letter: number,
  value: string,
  line: number,
  isName: (text: string) => boolean,
): void {
  switch (letter) {
    case 0x43: // C
      return void (draft.identity = identityOf(value, line));
    case 0x50: // P
      if (!isName(value)) throw malformed(line, `"${shown(value)}" is no package name`);
      return void (draft.name = value);
    case 0x56: // V
      draft.version = value;
      if (!isVersion(value)) draft.uninstallable = `"${shown(value)}" is no version`;
      return;
    case 0x41: // A
      return void (draft.arch = value);
    case 0x53: // S
      return void (draft.size = numberOf(value, line));
    case 0x49: // I
      return void (draft.installedSize = numberOf(value, line));
    case 0x54: // T
      return void (draft.description = value);
    case 0x55: // U
      return void (draft.url = value);
    case 0x4c: // L
      return void (draft.license = value);
    case 0x6f: // o
      return void (draft.origin = value);
    case 0x6d: // m
      return void (draft.maintainer = value);
    case 0x74: // t
      return void (draft.buildTime = numberOf(value, line));
    case 0x63: // c
      return void (draft.commit = value);
    case 0x6b: // k
      return void (draft.providerPriority = numberOf(value, line));
    case 0x44: // D
      return void (draft.depends = wordsOf(draft.depends, value));
    case 0x70: // p
      return void (draft.provides = wordsOf(draft.provides, value));
    case 0x69: // i
      return void (draft.installIf = wordsOf(draft.installIf, value));
    case 0x46: // F, M, R, Z: fields of the installed database, no business of an index
    case 0x4d:
    case 0x52:
    case 0x5a:
      return;
  }
  const isSmall = letter >= 0x61 && letter <= 0x7a;
  if (!isSmall) {
    draft.uninstallable = `it has an unknown field "${shown(String.fromCharCode(letter))}"`;
  }
}

function finish(draft: Draft, line: number): IndexedPackage {
  if (draft.name === "") throw malformed(line, "the record before it has no name");
  if (draft.version === "") throw malformed(line, "the record before it has no version");
  if (draft.identity === NO_IDENTITY) throw malformed(line, "the record before it has no checksum");
  return draft;
}

/** Whether a text may name a package: it becomes a part of URLs and file names. */
export function isPackageName(text: string): boolean {
  return text.length <= 255 && /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/.test(text);
}

/** The same of one that a system has: virtual ones, which have no file, begin with a dot. */
export function isInstalledName(text: string): boolean {
  return isPackageName(text.replace(/^\./, ""));
}

function identityOf(value: string, line: number): Identity {
  const identity = asIdentity(value);
  if (identity !== undefined) return identity;
  throw malformed(line, `"${shown(value)}" is no checksum`);
}

function numberOf(value: string, line: number): number {
  if (/^[0-9]{1,15}$/.test(value)) return Number(value);
  throw malformed(line, `"${shown(value)}" is no number`);
}

function wordsOf(before: readonly string[], value: string): readonly string[] {
  if (value === "") return before;
  const words = value.split(" ");
  const clean = words.includes("") ? words.filter((word) => word !== "") : words;
  return before.length === 0 ? clean : [...before, ...clean];
}

function shown(value: string): string {
  return printable(value.slice(0, 100));
}

function malformed(line: number, cause: string): TowerError {
  return new TowerError("malformed", `Cannot read index line ${line}: ${cause}`);
}

/**
 * An APKINDEX of the packages, in the order given: fields as apk_pkg_write_index_header orders
 * them, each record ended by a blank line.
 * @throws {TowerError} `malformed` when a value holds a line break or a dependency a space.
 */
export function formatIndex(packages: Iterable<IndexedPackage>): string {
  let out = "";
  for (const item of packages) out += formatRecord(item) + "\n";
  return out;
}

function formatRecord(item: IndexedPackage): string {
  const record = [
    `C:${item.identity}`,
    `P:${item.name}`,
    `V:${item.version}`,
    ...optional("A", item.arch),
    `S:${item.size}`,
    `I:${item.installedSize}`,
    `T:${item.description}`,
    `U:${item.url}`,
    `L:${item.license}`,
    ...optional("o", item.origin),
    ...optional("m", item.maintainer),
    ...optional("t", item.buildTime),
    ...optional("c", item.commit),
    ...optional("k", item.providerPriority),
    ...optional("D", joined(item, item.depends)),
    ...optional("p", joined(item, item.provides)),
    ...optional("i", joined(item, item.installIf)),
  ];
  if (record.some((line) => line.includes("\n"))) {
    throw new TowerError(
      "malformed",
      `Cannot index "${shown(item.name)}": a value has a line break`,
    );
  }
  return record.join("\n") + "\n";
}

function optional(letter: string, value: string | number | undefined): string[] {
  return value === undefined || value === "" || value === 0 ? [] : [`${letter}:${value}`];
}

function joined(item: IndexedPackage, words: readonly string[]): string {
  const bad = words.find((word) => word === "" || word.includes(" "));
  if (bad === undefined) return words.join(" ");
  throw new TowerError(
    "malformed",
    `Cannot index "${shown(item.name)}": "${shown(bad)}" is no dependency`,
  );
}
