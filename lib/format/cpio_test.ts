import { assertEquals, assertThrows } from "@std/assert";
import { BASE } from "../../tests/support/apk/apk_files.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { TowerError } from "../errors.ts";
import { inlineText } from "../tree/content.ts";
import { FileTree } from "../tree/file_tree.ts";
import { concat } from "../bytes/bytes.ts";
import { cpioPieces } from "./cpio.ts";

function archive(tree: FileTree): Uint8Array {
  return concat(Array.from(cpioPieces(tree, new MemoryStore()), (piece) => piece.slice()));
}

function tree(): FileTree {
  return new FileTree({ ...BASE, mode: 0o755 });
}

Deno.test("an archive is headers, names and contents, padded to four, and its trailer", () => {
  const one = tree();
  one.put({ ...BASE, type: "file", path: "ab", mode: 0o644, mtime: 16, content: inlineText("x") });
  const header = "070701" + [1, 0o100644, 0, 0, 1, 16, 1, 0, 0, 0, 0, 3, 0]
    .map((n) => n.toString(16).padStart(8, "0")).join("");
  const trailer = "070701" + [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 11, 0]
    .map((n) => n.toString(16).padStart(8, "0")).join("");
  assertEquals(
    new TextDecoder().decode(archive(one)),
    `${header}ab\0\0\0\0x\0\0\0${trailer}TRAILER!!!\0\0\0\0`,
  );
});

Deno.test("names of one file share an inode and the last has the content", () => {
  const linked = tree();
  const content = inlineText("data");
  linked.put({ ...BASE, type: "file", path: "b", mode: 0o644, content });
  linked.put({ ...BASE, type: "hardlink", path: "a", mode: 0o644, target: "b" });
  linked.put({ ...BASE, type: "hardlink", path: "c", mode: 0o644, target: "b" });
  const text = new TextDecoder().decode(archive(linked));
  const headers = [...text.matchAll(/070701([0-9a-f]{8})[0-9a-f]{24}([0-9a-f]{8}).{8}(.{8})/g)];
  assertEquals(
    headers.map(([, inode, links, size]) => [inode, links, size].map((n) => +`0x${n}`)),
    [
      [1, 3, 0],
      [1, 3, 0],
      [1, 3, 4],
      [0, 1, 0],
    ],
  );
});

Deno.test("what newc has no field for is an error", () => {
  const blob = `sha256:${"0".repeat(64)}` as never;
  const content = { kind: "span", blob, offset: 0, size: 2 ** 32, sha256: undefined } as const;
  const big = tree();
  big.put({ ...BASE, type: "file", path: "a", mode: 0o644, content });
  assertEquals(assertThrows(() => archive(big), TowerError, "size").code, "unsupported");
  const old = tree();
  old.put({ ...BASE, type: "directory", path: "a", mode: 0o755, mtime: -1 });
  assertThrows(() => archive(old), TowerError, "mtime");
  const attributes = tree();
  const xattrs = new Map([["user.a", new Uint8Array(1)]]);
  attributes.put({ ...BASE, type: "directory", path: "a", mode: 0o755, xattrs });
  assertThrows(() => archive(attributes), TowerError, "xattrs");
});
