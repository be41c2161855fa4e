import { oracleTest } from "../../support/apk/with_oracle.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { putApkDirectories } from "../../../lib/apk/apk_directories.ts";
import { type Installation, installPackages } from "../../../lib/apk/install.ts";
import { formatInstalled, writeDatabase } from "../../../lib/apk/installed_db.ts";
import { readPackage } from "../../../lib/apk/package_reader.ts";
import { packPackage } from "../../../lib/apk/package_writer.ts";
import type { PackageInfo, UnpackedPackage } from "../../../lib/apk/types.ts";
import { TowerError } from "../../../lib/errors.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { inlineText, textOf } from "../../../lib/tree/content.ts";
import type { Entry } from "../../../lib/tree/entry.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { type Oracle, oracleData, oracleMissing } from "../../support/apk/alpine_oracle.ts";
import { BASE, streamOf, TEST_LIMITS } from "../../support/apk/apk_files.ts";
import {
  differences,
  listDisk,
  listTree,
  putOnDisk,
  rootMissing,
} from "../../support/format/disk_tree.ts";
import { MemoryStore } from "../../support/tree/memory_store.ts";
import { realPackages } from "../../support/apk/real_packages.ts";
import { TEST_KEY } from "../../support/apk/test_keys.ts";

const missing = oracleMissing() ?? rootMissing();

const test = (name: string, fn: (oracle: Oracle) => Promise<void>) => oracleTest(name, missing, fn);

type Change = Partial<Pick<Entry, "mode" | "uid" | "gid" | "xattrs">>;
const dir = (path: string, more: Change = {}): Entry => ({
  ...BASE,
  type: "directory",
  path,
  mode: 0o755,
  ...more,
});
const file = (path: string, text = path, more: Change = {}): Entry => ({
  ...BASE,
  type: "file",
  path,
  mode: 0o644,
  content: inlineText(text),
  ...more,
});
const link = (path: string, target: string): Entry => ({
  ...BASE,
  type: "symlink",
  path,
  mode: 0o777,
  target,
});
const hard = (path: string, target: string): Entry => ({
  ...BASE,
  type: "hardlink",
  path,
  mode: 0o644,
  target,
});

interface Spec {
  readonly name: string;
  readonly entries: readonly Entry[];
  readonly info?: Partial<PackageInfo>;
}
const a = (entries: readonly Entry[], info: Spec["info"] = {}): Spec => ({
  name: "a",
  entries,
  info,
});
/** Installed after `a`, on which it depends. */
const b = (entries: readonly Entry[], info: Spec["info"] = {}): Spec => ({
  name: "b",
  entries,
  info: { depends: ["a"], ...info },
});

/** The .apk of a package as bytes. */
function packed(spec: Spec): Uint8Array {
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  for (const entry of spec.entries) tree.put(entry);
  const store = new MemoryStore();
  const result = packPackage({
    tree,
    reader: store,
    spool: store.writer(),
    key: TEST_KEY.secret,
    level: 6,
    scripts: {},
    info: {
      name: spec.name,
      version: "1.0-r0",
      arch: "x86_64",
      description: spec.name,
      url: "https://example.org/",
      license: "MIT",
      buildTime: 1_700_000_000,
      depends: [],
      provides: [],
      installIf: [],
      replaces: [],
      triggers: [],
      ...spec.info,
    },
  });
  return concat([...result.chunks()].map((chunk) => chunk.slice()));
}

async function unpacked(store: MemoryStore, bytes: Uint8Array): Promise<UnpackedPackage> {
  return await readPackage(streamOf(bytes), {
    keys: [TEST_KEY.trusted],
    data: store.writer(),
    limits: TEST_LIMITS,
  });
}

/** What `apk add --initdb` makes before any package. */
function initialTree(): FileTree {
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  putApkDirectories(tree, [], 0);
  return tree;
}

/** Installs with real apk; the listing is without what belongs to apk itself. */
async function byApk(oracle: Oracle, packages: readonly Uint8Array[]) {
  const root = await oracle.emptyRoot();
  const paths = packages.map((_, i) => join(root, `../${i}.apk`));
  for (const [i, path] of paths.entries()) await Deno.writeFile(path, packages[i]!);
  const { code, stderr } = await addTo(oracle, root, paths);
  const database = await Deno.readTextFile(join(root, "lib/apk/db/installed"));
  return { code, stderr, database, list: withoutState(listDisk(root)) };
}

function addTo(oracle: Oracle, root: string, packages: readonly string[]) {
  const options = ["--arch", "x86_64", "--keys-dir", oracle.keys, "--no-network", "--no-scripts"];
  const noRepositories = ["--repositories-file", "/dev/null"];
  return oracle.apk("--root", root, ...options, ...noRepositories, "add", ...packages);
}

function withoutState(list: Map<string, string>): Map<string, string> {
  const state = /^(?:dev\/|etc\/apk\/|lib\/apk\/db\/)/;
  return new Map([...list].filter(([path]) => !state.test(path)));
}

async function byUs(packages: readonly Uint8Array[]) {
  const store = new MemoryStore();
  const tree = initialTree();
  const read = await Promise.all(packages.map((bytes) => unpacked(store, bytes)));
  const installation = installPackages(tree, read, { epoch: 1_800_000_000 });
  return {
    tree,
    store,
    database: formatInstalled(installation, { arch: "x86_64" }),
    list: withoutState(listTree(tree, store)),
  };
}

const bin = (text: string) => [dir("bin"), file("bin/x", text), file("bin/y", text)];
const AGREED: readonly [string, readonly Spec[]][] = [
  ["all types of entries", [a([
    dir("x", { mode: 0o2751, uid: 3, gid: 4 }),
    file("x/suid", "", { mode: 0o4711, uid: 5, gid: 6 }),
    file("x/note", "n", { xattrs: new Map([["user.b", new Uint8Array([0, 255])]]) }),
    hard("x/zhard", "x/suid"),
    link("x/soft", "/nowhere"),
    { ...BASE, type: "char", path: "x/c", mode: 0o620, major: 5, minor: 1 },
    { ...BASE, type: "block", path: "x/d", mode: 0o660, major: 7, minor: 300 },
    { ...BASE, type: "fifo", path: "x/p", mode: 0o600 },
    file("top", "t", { mode: 0o600 }),
  ], {
    maintainer: "M <m@example.org>",
    commit: "c0ffee",
    origin: "src",
    provides: ["v=1", "w"],
  })]],
  ["the newcomer replaces", [a(bin("a")), b(bin("b"), { replaces: ["a"] })]],
  ["the newcomer replaces a version", [a(bin("a")), b(bin("b"), { replaces: ["a<2"] })]],
  ["the owner replaces", [a(bin("a"), { replaces: ["b"] }), b(bin("b"))]],
  ["both replace: the newcomer", [
    a(bin("a"), { replaces: ["b"] }),
    b(bin("b"), { replaces: ["a"] }),
  ]],
  ["the owner's priority is higher", [
    a(bin("a"), { replaces: ["b"], replacesPriority: 10 }),
    b(bin("b"), { replaces: ["a"], replacesPriority: 9 }),
  ]],
  ["the same source package", [a(bin("a"), { origin: "s" }), b(bin("b"), { origin: "s" })]],
  ["the same source package, whatever the owner's priority", [
    a(bin("a"), { origin: "s", replaces: ["b"], replacesPriority: 10 }),
    b(bin("b"), { origin: "s" }),
  ]],
  ["a protected file is replaced", [
    a([dir("etc"), file("etc/x", "a")]),
    b([dir("etc"), file("etc/x", "b")], { replaces: ["a"] }),
  ]],
  ["a link takes a file's place, a file a link's", [
    a([dir("d"), file("d/x"), link("d/y", "x")]),
    b([dir("d"), link("d/x", "z"), file("d/y")], { replaces: ["a"] }),
  ]],
  ["a replaced file leaves its hard links their content", [
    a([dir("d"), file("d/x", "old"), hard("d/y", "d/x"), hard("d/z", "d/x")]),
    b([dir("d"), file("d/x", "new")], { replaces: ["a"] }),
  ]],
  ["shared directories", [
    a([
      file("content"), // apk does not unpack a package of size 0
      dir("d1", { mode: 0o755 }),
      dir("d2", { mode: 0o700, uid: 5, gid: 5 }),
      dir("d3", { mode: 0o750 }),
      dir("d4", { gid: 7, mode: 0o700 }),
      dir("tmp", { mode: 0o700 }),
    ]),
    b([
      file("more"),
      dir("d1", { mode: 0o700 }),
      dir("d2", { mode: 0o755 }),
      dir("d3", { mode: 0o705 }),
      dir("d4", { gid: 8, mode: 0o755 }),
      dir("tmp", { mode: 0o755 }),
    ]),
  ]],
  ["a directory that is a link", [
    a([
      file("usr-is-merged"),
      dir("usr"),
      dir("usr/lib", { mode: 0o711 }),
      link("lib64", "usr/lib"),
    ]),
    b([
      dir("lib64", { mode: 0o700 }),
      file("lib64/x"),
      dir("lib64/d", { mode: 0o750 }),
      file("lib64/d/y"),
    ]),
  ]],
];

for (const [title, specs] of AGREED) {
  test(`we install as real apk does: ${title}`, async (oracle) => {
    const packages = specs.map(packed);
    const theirs = await byApk(oracle, packages);
    assertEquals(theirs.code, 0, theirs.stderr);
    const ours = await byUs(packages);
    assertEquals(ours.database, theirs.database);
    assertEquals(differences(ours.list, theirs.list), []);
  });
}

const REFUSED: readonly [string, readonly Spec[]][] = [
  ["two owners", [a(bin("a")), b(bin("b"))]],
  ["two owners of the same content", [a(bin("s")), b(bin("s"))]],
  ["replaces another version", [a(bin("a")), b(bin("b"), { replaces: ["a>2"] })]],
  ["replaces what is only provided", [
    a(bin("a"), { provides: ["c=1"] }),
    b(bin("b"), { replaces: ["c"] }),
  ]],
  ["a file over a directory", [a([file("x"), dir("d")]), b([file("d")], { replaces: ["a"] })]],
  ["a directory over a file", [a([file("d")]), b([dir("d"), file("d/x")], { replaces: ["a"] })]],
];

for (const [title, specs] of REFUSED) {
  test(`we refuse what real apk calls an error: ${title}`, async (oracle) => {
    const packages = specs.map(packed);
    assertEquals((await byApk(oracle, packages)).code === 0, false);
    const store = new MemoryStore();
    const read = await Promise.all(packages.map((bytes) => unpacked(store, bytes)));
    const install = (): Installation => installPackages(initialTree(), read, { epoch: 0 });
    assertEquals(assertThrows(install, TowerError).code, "conflict");
  });
}

test("real apk accepts, audits and continues an installation of ours", async (oracle) => {
  const real = realPackages(oracleData()!, "x86_64");
  const { store } = real;
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  const more = await unpacked(store, packed(a([dir("opt"), file("opt/f", "f", { uid: 9 })])));
  const installation = installPackages(tree, [...real.packages, more], { epoch: 1_800_000_000 });
  const world = ["alpine-baselayout", "alpine-keys", "apk-tools", "busybox", "libc-utils", "a"];
  const keys = [TEST_KEY.trusted];
  writeDatabase(tree, installation, {
    world: [...world, "musl-utils"],
    arch: "x86_64",
    repositories: [],
    keys,
    epoch: 1_800_000_000,
    spool: store.writer(),
  });
  const root = await Deno.makeTempDir({ dir: oracle.dir });
  await putOnDisk(tree, store, root);
  const apk = (...args: string[]) => oracle.apk("--root", root, ...args);

  const system = await apk("audit", "--system", "--check-permissions");
  assertEquals([system.code, system.stdout], [0, ""], system.stderr);
  const listed = await apk("info", "-L", "a");
  assertEquals(listed.stdout, "a-1.0-r0 contains:\nopt/f\n\n");
  assertEquals((await apk("info", "--who-owns", "/opt/f")).stdout, "/opt/f is owned by a-1.0-r0\n");
  const all = (await apk("info", "-v")).stdout.trim().split("\n");
  assertEquals(all.length, installation.packages.length);

  const next = join(root, "../next.apk");
  const spec = { name: "next", entries: [dir("opt"), file("opt/g")], info: { depends: ["a"] } };
  await Deno.writeFile(next, packed(spec));
  // Keys come from the tree: we put the test key there.
  const options = ["--no-network", "--no-scripts", "--repositories-file", "/dev/null"];
  const added = await apk(...options, "add", next);
  assertEquals(added.code, 0, added.stdout + added.stderr);
  assertEquals(await Deno.readTextFile(join(root, "opt/g")), "opt/g");
  const before = textOf(store, tree.file("lib/apk/db/installed")!.content);
  const records = (text: string) => new Set(text.trimEnd().split("\n\n"));
  const after = records(await Deno.readTextFile(join(root, "lib/apk/db/installed")));
  for (const record of records(before)) {
    assertEquals(after.delete(record), true, `apk changed the record\n${record}`);
  }
  assertEquals(after.size, 1);
  const removed = await apk(...options, "del", "next", "a");
  assertEquals(removed.code, 0, removed.stdout + removed.stderr);
  for (const name of ["f", "g"]) await assertMissing(join(root, "opt", name));
});

async function assertMissing(path: string): Promise<void> {
  const found = await Deno.lstat(path).then(() => true, () => false);
  assertEquals(found, false, path);
}
