import { createHash } from "node:crypto";
import { CHECKSUM_RECORD } from "../../../lib/apk/data_member.ts";
import type { PackageLimits } from "../../../lib/apk/package_reader.ts";
import { packPackage, packSignature, tarFile } from "../../../lib/apk/package_writer.ts";
import type { PrivateKey } from "../../../lib/apk/signature.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { gzip } from "../../../lib/format/gzip.ts";
import { padding, tarEnd, tarHeader } from "../../../lib/format/tar.ts";
import { inlineText } from "../../../lib/tree/content.ts";
import type { Entry } from "../../../lib/tree/entry.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { MemoryStore } from "../tree/memory_store.ts";
import { TEST_KEY } from "./test_keys.ts";

const encoder = new TextEncoder();
export const BASE = { uid: 0, gid: 0, mtime: 1_700_000_000, origin: "stage:test" } as const;

export const TEST_LIMITS: PackageLimits = {
  file: 4 << 20,
  control: 1 << 20,
  data: 4 << 20,
  entries: 1000,
  header: 64 << 10,
};

/** A tree with every type of entry that a package may hold. */
export function sampleTree(): FileTree {
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  tree.put({ ...BASE, type: "directory", path: "usr", mode: 0o755 });
  tree.put({ ...BASE, type: "directory", path: "usr/bin", mode: 0o755 });
  const content = inlineText("#!/bin/sh\necho foo\n");
  const xattrs = new Map([["user.note", new Uint8Array([1, 0, 10, 255])]]);
  tree.put({ ...BASE, type: "file", path: "usr/bin/foo", mode: 0o4755, content, xattrs });
  tree.put({ ...BASE, type: "hardlink", path: "usr/bin/bar", mode: 0o4755, target: "usr/bin/foo" });
  tree.put({ ...BASE, type: "symlink", path: "usr/bin/baz", mode: 0o777, target: "foo" });
  tree.put({ ...BASE, type: "file", path: "usr/empty", mode: 0o600, content: inlineText("") });
  const long = `usr/${"d".repeat(120)}`;
  tree.put({ ...BASE, type: "directory", path: long, mode: 0o1777 });
  const text = inlineText("long name\n".repeat(200));
  tree.put({
    ...BASE,
    type: "file",
    path: `${long}/${"é".repeat(60)}`,
    mode: 0o644,
    content: text,
  });
  return tree;
}

/** A small signed package with all of {@linkcode sampleTree}. */
export function samplePackage(tree = sampleTree(), key: PrivateKey = TEST_KEY.secret) {
  const store = new MemoryStore();
  const packed = packPackage({
    tree,
    reader: store,
    spool: store.writer(),
    key,
    level: 6,
    scripts: { "post-install": encoder.encode("#!/bin/sh\nexit 0\n") },
    info: {
      name: "foo",
      version: "1.0-r0",
      arch: "x86_64",
      description: "A foo",
      url: "https://example.org",
      license: "MIT",
      origin: "foo",
      buildTime: 1_700_000_000,
      depends: ["!badfoo<2"],
      provides: ["cmd:foo=1.0-r0"],
      installIf: [],
      replaces: ["oldfoo"],
      triggers: ["/usr/bin", "/usr/*"],
    },
  });
  return { ...packed, bytes: concat([...packed.chunks()]) };
}

/** The tar of entries as they are given: nothing is checked. */
export function rawTar(entries: readonly Entry[], checksum?: string): Uint8Array {
  return concat([
    ...entries.flatMap((entry) => {
      const bytes = entry.type === "file" && entry.content.kind === "inline"
        ? entry.content.bytes
        : new Uint8Array();
      const sha1 = checksum ?? createHash("sha1").update(bytes).digest("hex");
      const records = entry.type === "file"
        ? new Map([[CHECKSUM_RECORD, encoder.encode(sha1)]])
        : new Map();
      return [tarHeader(entry, records), bytes, padding(bytes.length)];
    }),
    tarEnd(),
  ]);
}

export interface HostilePackage {
  readonly data: Uint8Array;
  readonly control?: Uint8Array;
  readonly info?: string;
  readonly key?: PrivateKey;
}

/** A package that is signed in good order, whatever its members hold. */
export function signedPackage(parts: HostilePackage): Uint8Array {
  const data = gzip(parts.data, 6);
  const hash = createHash("sha256").update(data).digest("hex");
  const info = parts.info ?? `pkgname = foo\npkgver = 1.0-r0\narch = x86_64\ndatahash = ${hash}\n`;
  const tar = parts.control ?? tarFile(".PKGINFO", encoder.encode(info), 0o644, 0);
  const control = gzip(tar, 6);
  return concat([packSignature(control, parts.key ?? TEST_KEY.secret, 0), control, data]);
}

/** Bytes as a stream of chunks of one size. */
export async function* streamOf(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}
