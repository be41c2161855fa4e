import { createHash } from "node:crypto";
import { atOnce, type Steps } from "../breathe.ts";
import { printable, TowerError } from "../errors.ts";
import { compareBytes, encodedChunks } from "../bytes/bytes.ts";
import type { BlobWriter } from "../store/ports.ts";
import { inlineText, wholeBlob } from "../tree/content.ts";
import type { Content } from "../tree/entry.ts";
import { type FileTree, isCanonical, nameOf, parentOf } from "../tree/file_tree.ts";
import { formatDependency, parseDependency } from "./dependency.ts";
import { formatIndex } from "./index_text.ts";
import {
  filesOf,
  type Installation,
  type InstalledPackage,
  type Ownership,
  ownershipOf,
  withIds,
} from "./installation.ts";
import { scriptsArchive } from "./scripts/scripts_archive.ts";
import type { TrustedKey } from "./types.ts";

export interface DatabaseOptions {
  /** Constraints as `/etc/apk/world` holds them; written in byte order. */
  readonly world: readonly string[];
  readonly arch: string;
  /** Lines of `/etc/apk/repositories`. */
  readonly repositories: readonly string[];
  readonly keys: readonly TrustedKey[];
  /** Seconds since 1970 of every file. */
  readonly epoch: number;
  /** Takes the text of what is installed: 150 bytes a file. */
  readonly spool: BlobWriter;
  /** Tag without `@` of the repository that a package was pinned to, by package name. */
  readonly repositoryTags?: ReadonlyMap<string, string>;
}

const ORIGIN = "stage:packages";

/**
 * Puts the files by which apk knows what is installed into a tree: `lib/apk/db/{installed,
 * scripts.tar,triggers,lock}` and `etc/apk/{world,arch,repositories,keys/*}`, byte for byte as
 * apk-tools 2.14 writes them (src/database.c), but for one mistake of apk's (docs/decisions/0016).
 *
 * @throws {TowerError} `conflict` where a package owns one of the files, `malformed` for a value
 * that may not stand in them.
 */
export function writeDatabase(
  tree: FileTree,
  installation: Installation,
  options: DatabaseOptions,
): void {
  atOnce(databaseSteps(tree, installation, options));
}

/** What {@linkcode writeDatabase} does. */
export function* databaseSteps(
  tree: FileTree,
  installation: Installation,
  options: DatabaseOptions,
): Steps<void> {
  const { packages } = installation;
  const put = (path: string, content: Content, mode = 0o644): void =>
    putFile(tree, path, content, mode, options.epoch);
  const records = yield* spooledText(installedText(installation, options), options.spool);
  put("lib/apk/db/installed", records);
  put("lib/apk/db/scripts.tar", {
    kind: "inline",
    bytes: scriptsArchive(packages, options.epoch),
  });
  put("lib/apk/db/triggers", inlineText(formatTriggers(packages)));
  put("lib/apk/db/lock", inlineText(""), 0o600);
  const world = options.world.map((text) => formatDependency(parseDependency(text)));
  put("etc/apk/world", inlineText(world.sort(compareBytes).join("\n") + "\n"));
  put("etc/apk/arch", inlineText(`${requireLine("architecture", options.arch)}\n`));
  const repositories = options.repositories.map((r) => `${requireLine("repository", r)}\n`);
  put("etc/apk/repositories", inlineText(repositories.join("")));
  putKeys(tree, installation, options);
}

/** The UTF-8 bytes of a text in pieces, as a blob. The spool is at its end then, also when it fails. */
export function* spooledText(pieces: Iterable<string>, spool: BlobWriter): Steps<Content> {
  try {
    for (const bytes of encodedChunks(pieces)) {
      spool.write(bytes);
      yield;
    }
    return wholeBlob(spool.commit());
  } finally {
    spool.discard();
  }
}

type RecordOptions = Pick<DatabaseOptions, "arch" | "repositoryTags">;

/** The text of `lib/apk/db/installed`, records ordered by name without regard to case. */
export function formatInstalled(installation: Installation, options: RecordOptions): string {
  return [...installedText(installation, options)].join("");
}

/** As {@linkcode formatInstalled}, in pieces of a line or a few. */
function* installedText(
  { packages, ids }: Installation,
  { arch, repositoryTags }: RecordOptions,
): Generator<string> {
  const name = (p: InstalledPackage) => p.package.info.name;
  const sorted = [...packages].sort((a, b) =>
    compareBytes(lowerCase(name(a)), lowerCase(name(b))) || compareBytes(name(a), name(b))
  );
  for (const installed of sorted) {
    yield formatFields(installed, arch, repositoryTags?.get(name(installed)));
    for (const directory of installed.directories) {
      const ownership = withIds(directory.ownership, ids);
      yield `F:${directory.path}\n${formatOwnership("M", ownership, 0o755)}`;
      for (const { name, entry } of filesOf(installed, directory)) {
        yield `R:${name}\n${formatOwnership("a", withIds(ownershipOf(entry), ids), 0o644)}`;
        const { sha1 } = entry;
        if (sha1 !== undefined) yield `Z:Q1${Uint8Array.fromHex(sha1).toBase64()}\n`;
      }
    }
    yield "\n";
  }
}

function formatFields(
  { package: { info, identity, size } }: InstalledPackage,
  arch: string,
  tag: string | undefined,
): string {
  // Also of a noarch package: an index says where it lies, and apk fetches it from there again.
  let out = formatIndex([{ ...info, arch, identity, size }]).slice(0, -1);
  // apk does not open a package of installed size 0, so it never sees what it replaces.
  if (info.installedSize !== 0) {
    const replaces = info.replaces.map((text) => formatDependency(parseDependency(text)));
    if (replaces.length > 0) out += `r:${replaces.join(" ")}\n`;
    if (info.replacesPriority) out += `q:${info.replacesPriority}\n`;
  }
  if (tag !== undefined) out += `s:${requireLine("repository tag", tag)}\n`;
  return out;
}

function formatOwnership(letter: "M" | "a", ownership: Ownership, usual: number): string {
  const { uid, gid, mode, xattrs } = ownership;
  if (uid === 0 && gid === 0 && mode === usual && xattrs === undefined) return "";
  return `${letter}:${uid}:${gid}:${mode.toString(8)}${xattrs === undefined ? "" : `:${xattrs}`}\n`;
}

/** The text of `lib/apk/db/triggers`, in the order of installation. */
function formatTriggers(packages: readonly InstalledPackage[]): string {
  return packages
    .filter(({ package: { info } }) => info.installedSize !== 0 && info.triggers.length > 0)
    .map(({ package: { identity, info } }) => `${identity} ${info.triggers.join(" ")}\n`)
    .join("");
}

function putKeys(tree: FileTree, installation: Installation, options: DatabaseOptions): void {
  for (const key of options.keys) {
    const path = `etc/apk/keys/${key.name}`;
    if (key.name.includes("/") || !isCanonical(path)) {
      throw new TowerError(
        "malformed",
        `Cannot install key "${printable(key.name)}": its name is no file name`,
      );
    }
    const packaged = installation.packages.values()
      .flatMap((p) => p.directories.values().flatMap((d) => filesOf(p, d)))
      .find((f) => f.place === path);
    if (!packaged) putFile(tree, path, inlineText(key.pem), 0o644, options.epoch);
    else if (packaged.entry.sha1 !== createHash("sha1").update(key.pem).digest("hex")) {
      throw new TowerError(
        "conflict",
        `Cannot install key "${key.name}": ${tree.get(path)?.origin} has another key of that name`,
      );
    }
  }
}

function putFile(tree: FileTree, path: string, content: Content, mode: number, mtime: number) {
  const place = `${makeDirectories(tree, parentOf(path), mtime)}/${nameOf(path)}`;
  const existing = tree.get(place);
  if (existing?.origin.startsWith("package:")) {
    throw new TowerError(
      "conflict",
      `Cannot write the package database: "/${path}" belongs to ${existing.origin}`,
    );
  }
  tree.put({ type: "file", path: place, mode, uid: 0, gid: 0, mtime, origin: ORIGIN, content });
}

/** Makes a directory and those above it where they are missing; returns where it is. */
function makeDirectories(tree: FileTree, path: string, mtime: number): string {
  let at = "";
  for (const part of path.split("/")) {
    const next = at === "" ? part : `${at}/${part}`;
    const place = tree.resolve(next);
    const existing = place === undefined ? undefined : tree.get(place);
    if (place === undefined || (existing && existing.type !== "directory")) {
      throw new TowerError(
        "conflict",
        `Cannot write the package database: "/${next}" is no directory`,
      );
    }
    if (!existing) {
      const base = { mode: 0o755, uid: 0, gid: 0, mtime, origin: ORIGIN } as const;
      tree.put({ ...base, type: "directory", path: place });
    }
    at = place;
  }
  return at;
}

function requireLine(label: string, value: string): string {
  if (value !== "" && !/[\x00-\x1f\x7f]/.test(value)) return value;
  throw new TowerError(
    "malformed",
    `Cannot write ${label} "${printable(value)}": it is empty or has control characters`,
  );
}

/** What strcasecmp(3) compares in the C locale. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (c) => c.toLowerCase());
}
