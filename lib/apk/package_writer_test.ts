import { assertEquals, assertThrows } from "@std/assert";
import { BASE, samplePackage, sampleTree } from "../../tests/support/apk/apk_files.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { OTHER_KEY, TEST_KEY } from "../../tests/support/apk/test_keys.ts";
import { TowerError } from "../errors.ts";
import { inlineText } from "../tree/content.ts";
import { FileTree } from "../tree/file_tree.ts";
import { parsePackageInfo } from "./package_info.ts";
import { indexedPackageOf, type PackageInput, packPackage } from "./package_writer.ts";

Deno.test("the same package has the same bytes, and another key changes no identity", () => {
  const first = samplePackage();
  assertEquals(samplePackage().bytes, first.bytes);
  const other = samplePackage(sampleTree(), OTHER_KEY.secret);
  assertEquals(other.package.identity, first.package.identity);
});

Deno.test("how an index lists a package is known without and with reading it", () => {
  const { package: listed, bytes } = samplePackage();
  assertEquals(listed.size, bytes.length);
  assertEquals(listed.installedSize, 19 + 2000);
  assertEquals(indexedPackageOf(bytes, bytes.length, 1 << 20), listed);
});

Deno.test("pieces of a packed package stay what they were", () => {
  const { chunks, bytes } = samplePackage();
  let at = 0;
  for (const piece of [...chunks()]) {
    assertEquals(piece, bytes.subarray(at, at + piece.length));
    at += piece.length;
  }
});

Deno.test("files that apk would leave out are not packed", () => {
  for (const path of [".hidden", "usr/.keep_x"]) {
    const tree = sampleTree();
    tree.put({ ...BASE, type: "file", path, mode: 0o644, content: inlineText("x") });
    const error = assertThrows(() => samplePackage(tree), TowerError, "hidden");
    assertEquals(error.code, "unsupported");
  }
});

Deno.test("only a package that brings nothing has the installed size 0, which apk never opens", () => {
  const sizeOf = (tree: FileTree, scripts: PackageInput["scripts"] = {}) =>
    packPackage({
      tree,
      reader: new MemoryStore(),
      info: parsePackageInfo("pkgname = x\npkgver = 1-r0\narch = x86_64\n"),
      scripts,
      key: TEST_KEY.secret,
      level: 1,
      spool: new MemoryStore().writer(),
    }).info.installedSize;
  const empty = new FileTree({ ...BASE, mode: 0o755 });
  assertEquals(sizeOf(empty), 0);
  assertEquals(sizeOf(empty, { "post-install": new TextEncoder().encode("#!/bin/sh\n") }), 1);
  const folder = empty.clone();
  folder.put({ ...BASE, type: "directory", path: "srv", mode: 0o755 });
  assertEquals(sizeOf(folder), 1);
});
