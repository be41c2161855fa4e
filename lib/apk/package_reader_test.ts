import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import {
  BASE,
  rawTar,
  samplePackage,
  sampleTree,
  signedPackage,
  streamOf,
  TEST_LIMITS,
} from "../../tests/support/apk/apk_files.ts";
import { MemoryBlobWriter, MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { OTHER_KEY, TEST_KEY } from "../../tests/support/apk/test_keys.ts";
import type { Digest } from "../brand.ts";
import { type ErrorCode, messagesOf, TowerError } from "../errors.ts";
import { concat, readExactly } from "../bytes/bytes.ts";
import { gunzipMember, gzip } from "../format/gzip.ts";
import { inlineText } from "../tree/content.ts";
import type { Entry } from "../tree/entry.ts";
import { entriesOf, entryAt } from "./entry_table.ts";
import { asIdentity } from "./identity.ts";
import { type ExpectedPackage, type PackageLimits, readPackage } from "./package_reader.ts";
import { packSignature, tarFile } from "./package_writer.ts";
import type { TrustedKey, UnpackedPackage } from "./types.ts";

const keys = [TEST_KEY.trusted];

interface Reading {
  readonly keys?: readonly TrustedKey[];
  readonly limits?: Partial<PackageLimits>;
  readonly expect?: ExpectedPackage;
}

function read(bytes: Uint8Array, reading: Reading = {}, store = new MemoryStore()) {
  return readPackage(streamOf(bytes), {
    keys: reading.keys ?? keys,
    data: store.writer(),
    limits: { ...TEST_LIMITS, ...reading.limits },
    ...reading.expect ? { expect: reading.expect } : {},
  });
}

/** Proves that the bytes are refused, that the error says why, and that nothing was stored. */
async function refuses(
  bytes: Uint8Array,
  code: ErrorCode,
  cause: string,
  reading: Reading = {},
): Promise<void> {
  const store = new MemoryStore();
  const data = store.writer();
  const error = await assertRejects(() =>
    readPackage(streamOf(bytes), {
      keys: reading.keys ?? keys,
      data,
      limits: { ...TEST_LIMITS, ...reading.limits },
      ...reading.expect ? { expect: reading.expect } : {},
    }), TowerError);
  assertStringIncludes(messagesOf(error).join("\n"), cause);
  assertEquals(error.code, code);
  assertEquals(data.state, "discarded");
  assertEquals(store.size, 0);
}

const directory = (path: string): Entry => ({ ...BASE, type: "directory", path, mode: 0o755 });
const file = (path: string, text = "x"): Entry => ({
  ...BASE,
  type: "file",
  path,
  mode: 0o644,
  content: inlineText(text),
});
const symlink = (path: string, target: string): Entry => ({
  ...BASE,
  type: "symlink",
  path,
  mode: 0o777,
  target,
});
const hardlink = (path: string, target: string): Entry => ({
  ...BASE,
  type: "hardlink",
  path,
  mode: 0o644,
  target,
});
const packageOf = (...entries: Entry[]) => signedPackage({ data: rawTar(entries) });

Deno.test("a package comes back with every entry, its script and where its bytes are", async () => {
  const packed = samplePackage(), store = new MemoryStore();
  const got = await read(packed.bytes, { expect: packed.package }, store);
  assertEquals(got.info, packed.info);
  assertEquals(got.identity, packed.package.identity);
  assertEquals(got.size, packed.bytes.length);
  const digest = createHash("sha256").update(packed.bytes).digest("hex");
  assertEquals(got.digest, `sha256:${digest}` as Digest);
  assertEquals(got.scripts.map((s) => [s.kind, atob(s.base64)]), [
    ["post-install", "#!/bin/sh\nexit 0\n"],
  ]);
  assertEquals(got.signedBy, { name: TEST_KEY.trusted.name, digest: TEST_KEY.trusted.digest });
  assertEquals([...entriesOf(got.entries)].map((e) => [e.type, e.path]), [
    ["directory", "usr"],
    ["directory", "usr/bin"],
    ["file", "usr/bin/bar"],
    ["symlink", "usr/bin/baz"],
    ["hardlink", "usr/bin/foo"],
    ["directory", `usr/${"d".repeat(120)}`],
    ["file", `usr/${"d".repeat(120)}/${"é".repeat(60)}`],
    ["file", "usr/empty"],
  ]);
  const bar = entriesOf(got.entries).find((e) => e.path === "usr/bin/bar")!;
  const bytes = readExactly(store.open(got.data), bar.offset, bar.size);
  assertEquals(new TextDecoder().decode(bytes), "#!/bin/sh\necho foo\n");
  assertEquals(bar.mode, 0o4755);
  assertEquals(bar.xattrs, [["user.note", "AQAK/w=="]]);
  assertEquals(bar.sha1, createHash("sha1").update(bytes).digest("hex"));
  assertEquals(bar.sha256, createHash("sha256").update(bytes).digest("hex"));
  const foo = entriesOf(got.entries).find((e) => e.path === "usr/bin/foo")!;
  assertEquals([foo.target, foo.sha1], [bar.path, bar.sha1]);
  assertEquals(JSON.parse(JSON.stringify(got)), got);
});

Deno.test("a package reads the same however the stream is cut", async () => {
  const { bytes } = samplePackage();
  const results: UnpackedPackage[] = [];
  for (const size of [1, 2, 3, 7, 64, 511, bytes.length]) {
    const data = new MemoryStore().writer();
    results.push(
      await readPackage(streamOf(bytes, size), { keys, data, limits: TEST_LIMITS }),
    );
  }
  for (const result of results) assertEquals(result, results[0]);
});

Deno.test("a file without a checksum gets the one that is computed", async () => {
  const tar = rawTar([file("a", "hello")]);
  // The first two blocks are the extended header.
  const got = await read(signedPackage({ data: tar.subarray(1024) }));
  assertEquals(entryAt(got.entries, 0).sha1, "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d");
});

Deno.test("entries that apk leaves out are left out: hidden ones at the top and .keep_ files", async () => {
  const got = await read(
    packageOf(directory("."), file(".hidden"), directory("a"), file("a/.keep_x"), file("a/.b")),
  );
  assertEquals([...entriesOf(got.entries)].map((e) => e.path), ["a", "a/.b"]);
});

Deno.test("a hard link to a symbolic link becomes its copy", async () => {
  const got = await read(packageOf(symlink("a", "t"), hardlink("b", "a")));
  assertEquals(entryAt(got.entries, 1).type, "symlink");
  assertEquals(entryAt(got.entries, 1).target, "t");
});

Deno.test("a data member in several gzip members is read as one", async () => {
  const tar = rawTar([file("a"), file("b")]);
  const data = concat([gzip(tar.subarray(0, 700), 6), gzip(tar.subarray(700), 6)]);
  const hash = createHash("sha256").update(data).digest("hex");
  const info = `pkgname = foo\npkgver = 1\ndatahash = ${hash}\n`;
  const whole = signedPackage({ data: tar, info });
  const head = gunzipMember(whole, gunzipMember(whole, 0, 1 << 20).end, 1 << 20).end;
  const got = await read(concat([whole.subarray(0, head), data]));
  assertEquals([...entriesOf(got.entries)].map((e) => e.path), ["a", "b"]);
});

const escapes: readonly (readonly [string, string, ...Entry[]])[] = [
  ["an absolute path", "not plain", file("/etc/passwd")],
  ["a path that climbs", "not plain", directory("a"), file("a/../../etc/passwd")],
  ["a path that starts with ../", "not plain", file("../etc/passwd")],
  ["a path that starts with ./", "not plain", file("./etc/passwd")],
  ["a path with an empty part", "not plain", directory("a"), file("a//b")],
  ["a path with a control character", "not plain", file("a\x1b[2J")],
  ["a path through a symbolic link", "is no directory", symlink("a", "/etc"), file("a/passwd")],
  ["a path through a file", "is no directory", file("a"), file("a/b")],
  ["a path whose parent is missing", "is no directory", file("etc/passwd")],
  ["a directory whose parent is missing", "is no directory", directory("etc/x")],
  ["a hard link out of the package", "hard link target", hardlink("a", "/etc/shadow")],
  ["a hard link that climbs", "hard link target", hardlink("a", "../etc/shadow")],
  ["a hard link to a later file", "hard link target", hardlink("a", "b"), file("b")],
  ["a hard link to a directory", "hard link target", directory("d"), hardlink("a", "d")],
  ["a symbolic link to nothing", "target is not allowed", symlink("a", "")],
  ["a symbolic link with a line feed", "target is not allowed", symlink("a", "b\nc")],
  ["two entries of one path", "stands twice", file("a", "1"), file("a", "2")],
  ["a symbolic link over a directory", "stands twice", directory("a"), symlink("a", "/etc")],
];
for (const [what, cause, ...entries] of escapes) {
  Deno.test(`${what} is refused`, () => refuses(packageOf(...entries), "malformed", cause));
}

Deno.test("a file that differs from its checksum is refused, though all is signed", () =>
  refuses(signedPackage({ data: rawTar([file("a")], "0".repeat(40)) }), "untrusted", "checksum"));

Deno.test("an unsigned package is refused", () => {
  const { bytes } = samplePackage();
  return refuses(bytes.subarray(gunzipMember(bytes, 0, 1 << 20).end), "untrusted", "not signed");
});

Deno.test("a package of an unknown key is refused and the key is named", () =>
  refuses(samplePackage().bytes, "untrusted", `"${TEST_KEY.trusted.name}"`, {
    keys: [OTHER_KEY.trusted],
  }));

Deno.test("a package of another key under a trusted name is refused", () => {
  const secret = { name: TEST_KEY.secret.name, pem: OTHER_KEY.secret.pem };
  return refuses(samplePackage(sampleTree(), secret).bytes, "untrusted", "does not match");
});

Deno.test("a signature that names a key by path is refused", () => {
  const { bytes } = samplePackage();
  const control = bytes.subarray(gunzipMember(bytes, 0, 1 << 20).end);
  const entry = tarFile(".SIGN.RSA.../../tmp/evil.rsa.pub", new Uint8Array(256), 0o644, 0);
  return refuses(concat([gzip(entry, 6), control]), "untrusted", "names no key");
});

Deno.test("one trusted signature among several is enough", async () => {
  const { bytes } = samplePackage();
  const rest = bytes.subarray(gunzipMember(bytes, 0, 1 << 20).end);
  const control = rest.subarray(0, gunzipMember(rest, 0, 1 << 20).end);
  const other = packSignature(control, OTHER_KEY.secret, 0);
  const got = await read(concat([other, bytes]));
  assertEquals(got.signedBy.name, TEST_KEY.trusted.name);
});

Deno.test("data that is swapped for another package's is refused", () => {
  const a = samplePackage().bytes, b = packageOf(file("evil"));
  const head = gunzipMember(a, gunzipMember(a, 0, 1 << 20).end, 1 << 20).end;
  const tail = gunzipMember(b, gunzipMember(b, 0, 1 << 20).end, 1 << 20).end;
  return refuses(concat([a.subarray(0, head), b.subarray(tail)]), "untrusted", "signed hash");
});

Deno.test("a package without a data hash is refused", () =>
  refuses(
    signedPackage({ data: rawTar([]), info: "pkgname = foo\npkgver = 1\n" }),
    "malformed",
    "datahash",
  ));

Deno.test("a control member with a file to install is refused", () => {
  const control = tarFile("etc-passwd", new Uint8Array(1), 0o644, 0);
  return refuses(signedPackage({ data: rawTar([]), control }), "malformed", "no control file");
});

Deno.test("a truncated package is refused wherever it ends", async () => {
  const { bytes } = samplePackage();
  for (let length = 0; length < bytes.length; length += 23) {
    const error = await assertRejects(() => read(bytes.subarray(0, length)), TowerError);
    assert(error.code === "malformed" || error.code === "untrusted", `${length}: ${error.code}`);
  }
});

Deno.test("bytes after the package are refused", async () => {
  const { bytes } = samplePackage();
  await refuses(concat([bytes, new Uint8Array([0])]), "malformed", "too early");
  await refuses(concat([bytes, new Uint8Array(64)]), "malformed", "magic number");
  await refuses(concat([bytes, gzip(new Uint8Array(512), 6)]), "untrusted", "signed hash");
});

Deno.test("a flipped bit is refused at every 50th byte, or nothing that counts has changed", async () => {
  const { bytes } = samplePackage();
  const good = await read(bytes);
  for (let at = 0; at < bytes.length; at += 50) {
    const bad = bytes.slice();
    bad[at]! ^= 1 << at % 8;
    try {
      assertEquals({ ...await read(bad), digest: good.digest }, good, `byte ${at}`);
      // Only the signature's own gzip header is not covered, and the digest covers that.
      assert(at < 10, `byte ${at} was accepted`);
    } catch (error) {
      if (!(error instanceof TowerError)) throw error;
    }
    await assertRejects(() => read(bad, { expect: { digest: good.digest } }), TowerError);
  }
});

Deno.test("a bomb is stopped at the limit of its data", () =>
  refuses(
    packageOf(file("a", "\0".repeat(3 << 20))),
    "limit",
    "its data has over 1048576 bytes",
    { limits: { data: 1 << 20 } },
  ));

Deno.test("a bomb in the control member is stopped at its limit", () => {
  const control = tarFile(".PKGINFO", new Uint8Array(3 << 20), 0o644, 0);
  return refuses(signedPackage({ data: rawTar([]), control }), "limit", "more than 1048576 bytes");
});

Deno.test("the file, its entries and their headers are bounded", async () => {
  const { bytes } = samplePackage();
  await refuses(bytes, "limit", "the file has over 500 bytes", { limits: { file: 500 } });
  await refuses(bytes, "limit", "more than 5 entries", { limits: { entries: 5 } });
  await refuses(bytes, "limit", "extended header", { limits: { header: 40 } });
});

const unexpected: readonly (readonly [string, ExpectedPackage])[] = [
  ["name", { name: "bar" }],
  ["version", { version: "1.0-r1" }],
  ["identity", { identity: asIdentity(`X1${"00".repeat(20)}`)! }],
  ["size", { size: 10 }],
  ["size", { size: 1_000_000 }],
  ["digest", { digest: `sha256:${"0".repeat(64)}` as Digest }],
];
for (const [what, expect] of unexpected) {
  Deno.test(`a package of another ${what} than expected is refused: ${JSON.stringify(expect)}`, () =>
    refuses(samplePackage().bytes, "untrusted", "not the one that is expected", { expect }));
}

Deno.test("an error of the stream passes through unchanged and the blob is discarded", async () => {
  const failure = new TowerError("unreachable", 'Cannot fetch "x": gone');
  async function* broken() {
    yield* streamOf(samplePackage().bytes.subarray(0, 800));
    throw failure;
  }
  const data: MemoryBlobWriter = new MemoryStore().writer();
  const error = await assertRejects(
    () => readPackage(broken(), { keys, data, limits: TEST_LIMITS }),
    TowerError,
  );
  assertEquals(error, failure);
  assertEquals(data.state, "discarded");
});

Deno.test("a refused package closes its stream", async () => {
  let closed = false;
  async function* source() {
    try {
      yield* streamOf(new Uint8Array(5000));
    } finally {
      closed = true;
    }
  }
  const data = new MemoryStore().writer();
  await assertRejects(() => readPackage(source(), { keys, data, limits: TEST_LIMITS }), TowerError);
  assert(closed);
});
