import { createHash } from "node:crypto";
import { atOnce, type Steps } from "../breathe.ts";
import { TowerError } from "../errors.ts";
import { concat } from "../bytes/bytes.ts";
import { gunzipMember, gzip, type GzipLevel, GzipWriter } from "../format/gzip.ts";
import { padding, type PaxRecords, tarHeader, tarPieces } from "../format/tar.ts";
import type { BlobWriter } from "../store/ports.ts";
import { piecesOf, wholeBlob } from "../tree/content.ts";
import { type ContentReader, type Entry, sizeOf } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { readControlMember } from "./control_member.ts";
import { CHECKSUM_RECORD } from "./data_member.ts";
import { formatPackageInfo } from "./package_info.ts";
import { identityOf } from "./identity.ts";
import { isSignature } from "./package_reader.ts";
import { type PrivateKey, signBytes } from "./signature.ts";
import { type IndexedPackage, type PackageInfo, SCRIPT_KINDS, type ScriptKind } from "./types.ts";

const COPY = 256 << 10;
const MEMBER_LEVEL: GzipLevel = 9;

export interface PackageInput {
  /** What the package installs. The root entry itself is not written. */
  readonly tree: FileTree;
  readonly reader: ContentReader;
  /** The size is counted and the data hash computed. */
  readonly info: Omit<PackageInfo, "dataHash" | "installedSize">;
  readonly scripts: Readonly<Partial<Record<ScriptKind, Uint8Array>>>;
  readonly key: PrivateKey;
  /** Compression of the data member. */
  readonly level: GzipLevel;
  /**
   * Holds the compressed data member until its hash is signed: it stands before the data. Must
   * be of the store that `reader` reads.
   */
  readonly spool: BlobWriter;
}

export interface PackedPackage {
  /** How an index lists the package. */
  readonly package: IndexedPackage;
  readonly info: PackageInfo;
  /** The bytes of the .apk in pieces that the caller may keep. */
  chunks(): Generator<Uint8Array>;
}

/**
 * Makes a signed .apk (apk-v2(5)) as abuild does: signature, control and data as three gzip
 * members. The same input gives the same bytes; no content is held in memory.
 *
 * @throws {TowerError} `unsupported` for a path that apk-tools leaves out, `malformed` for a
 * field that .PKGINFO cannot hold.
 */
export function packPackage(input: PackageInput): PackedPackage {
  return atOnce(packingSteps(input));
}

/** What {@linkcode packPackage} does. */
export function* packingSteps(input: PackageInput): Steps<PackedPackage> {
  const { reader, key, spool } = input;
  const data = yield* packData(input);
  const info: PackageInfo = {
    ...input.info,
    installedSize: sizeThatOpens(data.installedSize, input),
    dataHash: data.sha256,
  };
  const control = packControl(info, input.scripts);
  const signature = packSignature(control, key, info.buildTime ?? 0);
  const blob = spool.commit();
  const content = wholeBlob(blob);
  return {
    package: indexed(info, control, signature.length + control.length + blob.size),
    info,
    *chunks() {
      yield signature;
      yield control;
      for (const piece of piecesOf(reader, content, new Uint8Array(COPY))) yield piece.slice();
    },
  };
}

/**
 * How an index lists an existing .apk, from its first bytes. Verifies nothing: for packages that
 * were read by {@linkcode readPackage} or made here.
 *
 * @param head the signature and control member at least
 * @param size bytes of the whole file
 * @throws {TowerError} `malformed` or `limit`.
 */
export function indexedPackageOf(head: Uint8Array, size: number, limit: number): IndexedPackage {
  for (let at = 0;;) {
    const { content, end } = gunzipMember(head, at, limit);
    if (!isSignature(content)) {
      return indexed(readControlMember(content).info, head.subarray(at, end), size);
    }
    at = end;
  }
}

/** A signature member, its tar end cut so that the next member continues the archive. */
export function packSignature(
  signed: Uint8Array,
  key: PrivateKey,
  mtime: number,
): Uint8Array<ArrayBuffer> {
  const { entry, bytes } = signBytes(signed, key);
  return gzip(tarFile(entry, bytes, 0o644, mtime), MEMBER_LEVEL);
}

/** A regular file of root as tar header, content and padding. */
export function tarFile(
  path: string,
  bytes: Uint8Array,
  mode: number,
  mtime: number,
): Uint8Array<ArrayBuffer> {
  const content = { kind: "inline", bytes } as const;
  const origin = "stage:package";
  const header = tarHeader({ type: "file", path, mode, uid: 0, gid: 0, mtime, content, origin });
  return concat([header, bytes, padding(bytes.length)]);
}

function packControl(info: PackageInfo, scripts: PackageInput["scripts"]): Uint8Array {
  const mtime = info.buildTime ?? 0;
  const text = new TextEncoder().encode(formatPackageInfo(info));
  const parts = [tarFile(".PKGINFO", text, 0o644, mtime)];
  for (const kind of SCRIPT_KINDS) {
    const script = scripts[kind];
    if (script) parts.push(tarFile(`.${kind}`, script, 0o755, mtime));
  }
  return gzip(concat(parts), MEMBER_LEVEL);
}

/**
 * apk-tools never opens a package of installed size 0 (src/database.c): one that only brings
 * directories, links or scripts must claim a byte.
 */
function sizeThatOpens(counted: number, { tree, scripts }: PackageInput): number {
  const isEmpty = tree.size === 1 && Object.keys(scripts).length === 0;
  return isEmpty ? 0 : Math.max(1, counted);
}

function* packData(
  input: PackageInput,
): Steps<{ sha256: string; installedSize: number }> {
  const { tree, reader, level, spool } = input;
  const hash = createHash("sha256");
  let installedSize = 0;
  const gzipped = new GzipWriter(level, (bytes) => {
    hash.update(bytes);
    spool.write(bytes);
  });
  const chunk = new Uint8Array(COPY);
  const pieces = tarPieces(tree, reader, (entry) => {
    refuseHidden(entry);
    refuseLarge(entry);
    if (entry.type === "file") installedSize += sizeOf(entry.content);
    return checksumRecord(entry, reader, chunk);
  });
  for (const piece of pieces) {
    gzipped.write(piece);
    yield;
  }
  gzipped.end();
  return { sha256: hash.digest("hex"), installedSize };
}

function checksumRecord(entry: Entry, reader: ContentReader, chunk: Uint8Array): PaxRecords {
  const hash = createHash("sha1");
  if (entry.type === "symlink") hash.update(entry.target);
  else if (entry.type === "file") {
    for (const piece of piecesOf(reader, entry.content, chunk)) hash.update(piece);
  } else return new Map();
  return new Map([[CHECKSUM_RECORD, new TextEncoder().encode(hash.digest("hex"))]]);
}

/** apk-tools drops such entries without a word, so a package that has them is a mistake. */
function refuseHidden(entry: Entry): void {
  const keep = entry.type !== "directory" && /(^|\/)\.keep_[^/]+$/.test(entry.path);
  if (!keep && !entry.path.startsWith(".")) return;
  throw new TowerError(
    "unsupported",
    `Cannot package "/${entry.path}": apk leaves such hidden files out`,
  );
}

/** What a ustar header cannot say goes into records that apk-tools 2.14 does not read. */
function refuseLarge(entry: Entry): void {
  const size = entry.type === "file" ? sizeOf(entry.content) : 0;
  if (Math.max(entry.uid, entry.gid) < 8 ** 7 && size < 8 ** 11) return;
  throw new TowerError(
    "unsupported",
    `Cannot package "/${entry.path}": apk reads no owner above 2097151 and no size from 8 GiB on`,
  );
}

function indexed(info: PackageInfo, control: Uint8Array, size: number): IndexedPackage {
  const { replaces: _r, replacesPriority: _p, triggers: _t, dataHash: _h, ...fields } = info;
  return { ...fields, identity: identityOf(control, "Q1"), size };
}
