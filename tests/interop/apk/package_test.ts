import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { entriesOf } from "../../../lib/apk/entry_table.ts";
import { packIndexArchive, readIndexArchive } from "../../../lib/apk/index_archive.ts";
import { formatIndex } from "../../../lib/apk/index_text.ts";
import { readPackage } from "../../../lib/apk/package_reader.ts";
import { packSignature, tarFile } from "../../../lib/apk/package_writer.ts";
import { loadTrustedKey } from "../../../lib/apk/signature.ts";
import type { TrustedKey } from "../../../lib/apk/types.ts";
import { TowerError } from "../../../lib/errors.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { gzip } from "../../../lib/format/gzip.ts";
import { readTarFiles } from "../../../lib/format/tar_files.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { alpineOracle, type Oracle, oracleMissing } from "../../support/apk/alpine_oracle.ts";
import { samplePackage, sampleTree, streamOf, TEST_LIMITS } from "../../support/apk/apk_files.ts";
import { MemoryStore } from "../../support/tree/memory_store.ts";
import { OTHER_KEY, TEST_KEY } from "../../support/apk/test_keys.ts";

const skip = oracleMissing();
const reason = skip === undefined ? "" : ` (skipped: ${skip})`;

function test(name: string, fn: (oracle: Oracle) => Promise<void>): void {
  Deno.test({
    name: `${name}${reason}`,
    ignore: skip !== undefined,
    async fn() {
      const oracle = await alpineOracle();
      if ("skip" in oracle) throw new Error(oracle.skip);
      await using owned = oracle;
      await fn(owned);
    },
  });
}

/** A directory of keys that holds the test key alone. */
async function keysDir(oracle: Oracle): Promise<string> {
  const dir = await Deno.makeTempDir({ dir: oracle.dir });
  await Deno.writeTextFile(join(dir, TEST_KEY.trusted.name), TEST_KEY.trusted.pem);
  return dir;
}

async function apkVerifies(oracle: Oracle, keys: string, bytes: Uint8Array): Promise<boolean> {
  const path = join(oracle.dir, "candidate.apk");
  await Deno.writeFile(path, bytes);
  return (await oracle.apk("--keys-dir", keys, "verify", path)).code === 0;
}

async function weVerify(bytes: Uint8Array): Promise<boolean> {
  try {
    const data = new MemoryStore().writer();
    await readPackage(streamOf(bytes), { keys: [TEST_KEY.trusted], data, limits: TEST_LIMITS });
    return true;
  } catch (error) {
    if (error instanceof TowerError) return false;
    throw error;
  }
}

test("real apk verifies a packed package, and not one of another key", async (oracle) => {
  const keys = await keysDir(oracle);
  assert(await apkVerifies(oracle, keys, samplePackage().bytes));
  const other = samplePackage(sampleTree(), OTHER_KEY.secret).bytes;
  assertEquals(await apkVerifies(oracle, keys, other), false);
});

test("nothing that real apk refuses is accepted: flipped bits, cut ends, added bytes", async (oracle) => {
  const keys = await keysDir(oracle);
  const { bytes } = samplePackage();
  const candidates: [string, Uint8Array][] = [
    ["one byte more", new Uint8Array([...bytes, 0])],
    ["cut", bytes.subarray(0, bytes.length - 1)],
  ];
  for (let at = 0; at < bytes.length; at += 50) {
    const bad = bytes.slice();
    bad[at]! ^= 4;
    candidates.push([`byte ${at}`, bad]);
  }
  let refused = 0;
  for (const [what, candidate] of candidates) {
    const apk = await apkVerifies(oracle, keys, candidate), we = await weVerify(candidate);
    assert(apk || !we, `${what}: apk refuses it, we do not`);
    if (!we) refused++;
  }
  assert(refused >= candidates.length - 1, `${refused} of ${candidates.length}`);
});

test("real apk installs a packed package from a packed index, entry for entry", async (oracle) => {
  const packed = samplePackage();
  const { installed, listed, bytes } = await install(oracle, packed);
  for (const entry of sampleTree().walk()) {
    if (entry.path === "") continue;
    const path = join(installed, entry.path);
    const info = await Deno.lstat(path);
    const type = info.isSymlink ? "symlink" : info.isDirectory ? "directory" : "file";
    assertEquals(type, entry.type === "hardlink" ? "file" : entry.type, entry.path);
    if (entry.type === "symlink") assertEquals(await Deno.readLink(path), entry.target);
    else assertEquals((info.mode ?? 0) & 0o7777, entry.mode, entry.path);
    if (entry.type !== "file" || entry.content.kind !== "inline") continue;
    assertEquals(new Uint8Array(await Deno.readFile(path)), entry.content.bytes);
  }
  const [foo, bar] = ["usr/bin/foo", "usr/bin/bar"].map((p) => Deno.statSync(join(installed, p)));
  assertEquals(foo?.ino, bar?.ino);
  const db = await Deno.readTextFile(join(installed, "lib/apk/db/installed"));
  assert(db.includes(`C:${listed.identity}\n`));
  const got = await readPackage(streamOf(bytes), {
    keys: [TEST_KEY.trusted],
    data: new MemoryStore().writer(),
    limits: TEST_LIMITS,
  });
  for (const { type, sha1 } of entriesOf(got.entries)) {
    if (type === "directory" || sha1 === undefined) continue;
    assert(db.includes(`Z:Q1${Uint8Array.fromHex(sha1).toBase64()}\n`), sha1);
  }
});

async function install(oracle: Oracle, packed: ReturnType<typeof samplePackage>) {
  const root = await oracle.emptyRoot();
  await Deno.mkdir(join(root, "etc/apk/keys"), { recursive: true });
  const key = TEST_KEY.trusted;
  await Deno.writeTextFile(join(root, "etc/apk/keys", key.name), key.pem);
  const repository = await Deno.makeTempDir({ dir: oracle.dir });
  await Deno.mkdir(join(repository, "x86_64"));
  const listed = packed.package;
  const index = packIndexArchive(formatIndex([listed]), "test", TEST_KEY.secret);
  await Deno.writeFile(join(repository, "x86_64/APKINDEX.tar.gz"), index);
  await Deno.writeFile(join(repository, "x86_64/foo-1.0-r0.apk"), packed.bytes);
  const options = ["--root", root, "--no-scripts", "--repositories-file", "/dev/null"];
  const result = await oracle.apk(...options, "--repository", repository, "add", "foo");
  assertEquals(result.code, 0, result.stdout + result.stderr);
  return { installed: root, listed, bytes: packed.bytes };
}

test("real apk indexes a packed package as we list it", async (oracle) => {
  const packed = samplePackage();
  await Deno.writeFile(join(oracle.dir, "foo-1.0-r0.apk"), packed.bytes);
  const out = join(oracle.dir, "index.tar.gz");
  const keys = await keysDir(oracle);
  const args = ["--keys-dir", keys, "index", "-o", out, join(oracle.dir, "foo-1.0-r0.apk")];
  const result = await oracle.apk(...args);
  assertEquals(result.code, 0, result.stderr);
  const tar = gunzipSync(await Deno.readFile(out));
  const files = readTarFiles(tar, { entries: 10, header: 4096 });
  const index = files.find((f) => f.entry.path === "APKINDEX")!;
  assertEquals(new TextDecoder().decode(index.content), formatIndex([packed.package]));
});

test("a package that GNU tar and gzip made, without checksums, reads as apk verifies it", async (oracle) => {
  const tree = join(oracle.dir, "pkg");
  await Deno.mkdir(join(tree, "usr/bin"), { recursive: true });
  await Deno.writeTextFile(join(tree, "usr/bin/tool"), "tool");
  await Deno.link(join(tree, "usr/bin/tool"), join(tree, "usr/bin/same"));
  await Deno.symlink("tool", join(tree, "usr/bin/alias"));
  const runner = denoRunner();
  const path = join(oracle.dir, "data.tar.gz");
  const options = ["--format=posix", "--sort=name", "--owner=daemon:2", "--group=root:0"] as const;
  await runner.run({ argv: ["tar", ...options, "-C", tree, "-czf", path, "usr"] });
  const data = await Deno.readFile(path);
  const hash = createHash("sha256").update(data).digest("hex");
  const info = `pkgname = tool\npkgver = 1-r0\narch = x86_64\ndatahash = ${hash}\n`;
  const control = gzip(tarFile(".PKGINFO", new TextEncoder().encode(info), 0o644, 0), 9);
  const bytes = concat([packSignature(control, TEST_KEY.secret, 0), control, data]);
  assert(await apkVerifies(oracle, await keysDir(oracle), bytes));
  const got = await readPackage(streamOf(bytes), {
    keys: [TEST_KEY.trusted],
    data: new MemoryStore().writer(),
    limits: TEST_LIMITS,
  });
  const entries = [...entriesOf(got.entries)];
  assertEquals(entries.map((e) => [e.type, e.path, e.target, e.uid, e.user, e.group]), [
    ["directory", "usr", undefined, 2, "daemon", undefined],
    ["directory", "usr/bin", undefined, 2, "daemon", undefined],
    ["symlink", "usr/bin/alias", "tool", 2, "daemon", undefined],
    ["file", "usr/bin/same", undefined, 2, "daemon", undefined],
    ["hardlink", "usr/bin/tool", "usr/bin/same", 2, "daemon", undefined],
  ]);
  const sha1 = createHash("sha1").update("tool").digest("hex");
  assertEquals(entries.slice(2).map((e) => e.sha1), [sha1, sha1, sha1]);
});

test("Alpine's own index verifies with Alpine's key alone", async (oracle) => {
  const bytes = await Deno.readFile(oracle.indexArchive);
  const keys: TrustedKey[] = [];
  for await (const { name } of Deno.readDir(oracle.keys)) {
    keys.push(loadTrustedKey(name, await Deno.readTextFile(join(oracle.keys, name))));
  }
  const index = readIndexArchive(bytes, keys);
  assertEquals(index.indexText, await oracle.realIndex());
  const without = keys.filter((key) => key.name !== index.signedBy.name);
  assertThrows(() => readIndexArchive(bytes, without), TowerError, "no trusted key");
  const bad = bytes.slice();
  bad[bytes.length >> 1]! ^= 1;
  assertThrows(() => readIndexArchive(bad, keys), TowerError, "does not match");
});
