import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { unpackedPackage } from "../../tests/support/apk/unpacked_package.ts";
import { createHash } from "node:crypto";
import type { Digest } from "../brand.ts";
import { TowerError } from "../errors.ts";
import { textOf } from "../tree/content.ts";
import { FileTree } from "../tree/file_tree.ts";
import { installPackages } from "./install.ts";
import { type DatabaseOptions, formatInstalled, writeDatabase } from "./installed_db.ts";
import type { PackageEntry } from "./package_entry.ts";
import type { PackageInfo, TrustedKey, UnpackedPackage } from "./types.ts";

const DIGEST = `sha256:${"0".repeat(64)}` as Digest;
const BASE = { uid: 0, gid: 0, mtime: 0, origin: "stage:base" as const };
const STORE = new MemoryStore();
const OPTIONS: Omit<DatabaseOptions, "spool"> = {
  world: ["b", "a>=1", "c@edge=2"],
  arch: "x86_64",
  repositories: ["https://example.org/main", "@edge https://example.org/edge"],
  keys: [],
  epoch: 77,
};

function pack(
  name: string,
  entries: PackageEntry[] = [],
  info: Partial<PackageInfo> = {},
  scripts: UnpackedPackage["scripts"] = [],
): UnpackedPackage {
  return unpackedPackage(name, { entries, info, scripts });
}

function entry(type: PackageEntry["type"], path: string, more: Partial<PackageEntry> = {}) {
  return { type, path, mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0, offset: 0, ...more };
}

function write(
  packages: UnpackedPackage[],
  options: Partial<DatabaseOptions> = {},
  tree = new FileTree({ ...BASE, mode: 0o755 }),
): FileTree {
  const installation = installPackages(tree, packages, { epoch: 77 });
  writeDatabase(tree, installation, { ...OPTIONS, spool: STORE.writer(), ...options });
  return tree;
}

const text = (tree: FileTree, path: string) => textOf(STORE, tree.file(path)!.content);

Deno.test("a record has apk's fields in apk's order", () => {
  const installation = installPackages(new FileTree({ ...BASE, mode: 0o755 }), [
    pack("a", [
      entry("directory", "d", { mode: 0o700, uid: 1 }),
      entry("file", "d/f", { mode: 0o644, sha1: "00".repeat(20) }),
      entry("char", "d/c", { mode: 0o644, major: 1, minor: 3 }),
      entry("file", "d/x", { sha1: "ff".repeat(20), xattrs: [["user.b", "AP8="]] }),
    ], {
      origin: "o",
      replaces: ["b<2", "c=~1"],
      replacesPriority: 5,
      providerPriority: 7,
      depends: ["m"],
      arch: "noarch",
    }),
  ], { epoch: 0 });
  const sha = createHash("sha1")
    .update("\0\0\0\x06user.b\0\0\0\x02").update(new Uint8Array([0, 255])).digest("base64");
  assertEquals(
    formatInstalled(installation, {
      arch: "x86_64",
      repositoryTags: new Map([["a", "edge"]]),
    }),
    "C:Q1a\nP:a\nV:1.0-r0\nA:x86_64\nS:9\nI:4096\nT:\nU:\nL:MIT\no:o\nk:7\nD:m\n" +
      "r:b<2 c~1\nq:5\ns:edge\nF:d\nM:1:0:700\nR:f\nZ:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nR:c\n" +
      `R:x\na:0:0:755:Q1${sha}\nZ:Q1//////////////////////////8=\n\n`,
  );
});

Deno.test("records are ordered by name without regard to case", () => {
  const names = ["b", "B", "a", "A", "ab", "a-b", "a_b"];
  const installation = installPackages(
    new FileTree({ ...BASE, mode: 0o755 }),
    names.map((name) => pack(name)),
    { epoch: 0 },
  );
  const found = formatInstalled(installation, { arch: "x86_64" }).match(/^P:.*/gm);
  assertEquals(found, ["P:A", "P:a", "P:a-b", "P:a_b", "P:ab", "P:B", "P:b"]);
});

Deno.test("side files are there with owner, mode and time", () => {
  const tree = write([pack("a", [], { triggers: ["/bin", "/usr/*"] }), pack("b")]);
  assertEquals(text(tree, "etc/apk/world"), "a>=1\nb\nc@edge=2\n");
  assertEquals(text(tree, "etc/apk/arch"), "x86_64\n");
  assertEquals(text(tree, "etc/apk/repositories").split("\n").length, 3);
  assertEquals(text(tree, "lib/apk/db/triggers"), "Q1a /bin /usr/*\n");
  const lock = tree.file("lib/apk/db/lock")!;
  assertEquals([lock.mode, lock.uid, lock.mtime, text(tree, lock.path)], [0o600, 0, 77, ""]);
  assertEquals(text(write([], { world: [] }), "etc/apk/world"), "\n", "as apk writes no world");
});

Deno.test("apk's view of a package of size 0 has no scripts, replaces or triggers", () => {
  const scripts = [{ kind: "post-install" as const, base64: "IyEvYmluL3NoCg==" }];
  const info = { installedSize: 0, triggers: ["/bin"], replaces: ["b"] };
  const tree = write([pack("a", [], info, scripts)]);
  assertEquals(text(tree, "lib/apk/db/triggers"), "");
  assertEquals(text(tree, "lib/apk/db/installed").includes("\nr:"), false);
  assertEquals(text(tree, "lib/apk/db/scripts.tar"), "\0".repeat(1024));
});

Deno.test("a script whose name is too long for a header keeps it by a long-name entry", () => {
  const scripts = [{ kind: "post-install" as const, base64: "IyEvYmluL3NoCg==" }];
  const name = "n".repeat(90);
  const tar = text(write([pack(name, [], {}, scripts)]), "lib/apk/db/scripts.tar");
  assertEquals(tar.slice(0, 13), "././@LongLink");
  assertStringIncludes(tar, `${name}-1.0-r0.Q1${name}.post-install\0`);
  assertEquals(tar.length, 512 * (1 + 1 + 1 + 1 + 2));
});

Deno.test("the database goes through links inside the tree, never out of it", () => {
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  tree.putParents("usr/lib/x", "stage:base", 0);
  tree.put({ ...BASE, type: "symlink", path: "lib", mode: 0o777, target: "../../usr/lib" });
  write([], {}, tree);
  assertEquals(tree.get("usr/lib/apk/db/installed")!.type, "file");
});

Deno.test("a package cannot own, or turn into a link, what the database is written to", () => {
  const lib = [entry("directory", "lib"), entry("directory", "lib/apk")];
  const link = (path: string, target: string) => entry("symlink", path, { target });
  const cases = [
    [...lib, entry("directory", "lib/apk/db"), link("lib/apk/db/installed", "/etc/passwd")],
    [...lib, entry("directory", "lib/apk/db"), entry("file", "lib/apk/db/lock")],
    [...lib, link("lib/apk/db", "/nowhere/at/all")],
    [...lib, link("lib/apk/db", "db")],
    [entry("directory", "etc"), entry("file", "etc/apk")],
  ];
  for (const entries of cases) {
    const error = assertThrows(() => write([pack("evil", entries)]), TowerError);
    assertEquals(error.code, "conflict");
  }
});

Deno.test("values that would break a file are refused", () => {
  const cases: Partial<DatabaseOptions>[] = [
    { world: ["a\nb"] },
    { world: ["a b"] },
    { world: [""] },
    { arch: "" },
    { arch: "x\ny" },
    { repositories: ["a\nb"] },
    { repositoryTags: new Map([["a", "x\nF:etc"]]) },
    { keys: [{ name: "../x", digest: DIGEST, pem: "" }] },
    { keys: [{ name: "..", digest: DIGEST, pem: "" }] },
  ];
  for (const options of cases) {
    assertEquals(assertThrows(() => write([pack("a")], options), TowerError).code, "malformed");
  }
  const lines = pack("a", [], { description: "x\nF:etc" });
  assertEquals(assertThrows(() => write([lines]), TowerError).code, "malformed");
});

Deno.test("a key that a package brings as well must be the same one", () => {
  const key: TrustedKey = { name: "k.rsa.pub", digest: DIGEST, pem: "PEM" };
  const sha1 = createHash("sha1").update("PEM").digest("hex");
  const brings = (sha1: string) =>
    pack("keys", [
      entry("directory", "etc"),
      entry("directory", "etc/apk"),
      entry("directory", "etc/apk/keys"),
      entry("file", "etc/apk/keys/k.rsa.pub", { sha1 }),
    ]);
  const same = write([brings(sha1)], { keys: [key] });
  assertEquals(same.get("etc/apk/keys/k.rsa.pub")!.origin, "package:keys");
  assertThrows(() => write([brings("00".repeat(20))], { keys: [key] }), TowerError, "another key");
  assertEquals(text(write([], { keys: [key] }), "etc/apk/keys/k.rsa.pub"), "PEM");
});
