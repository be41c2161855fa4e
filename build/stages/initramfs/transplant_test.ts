import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../../lib/errors.ts";
import { smallTree } from "../../../tests/support/tree/small_tree.ts";
import { transplant } from "./transplant.ts";

const pathsOf = (tree: ReturnType<typeof smallTree>) =>
  [...tree.walk()].map((e) => e.path).slice(1);

Deno.test("a path means the same in both trees: its links come along, its neighbours do not", () => {
  const from = smallTree({
    "bin": { link: "usr/bin" },
    "usr/bin/sh": { link: "/usr/bin/busybox" },
    "usr/bin/busybox": "x",
    "usr/bin/other": "y",
  });
  const to = smallTree({});
  assertEquals(transplant(from, to, "bin/sh"), ["usr/bin/busybox"]);
  assertEquals(pathsOf(to), ["bin", "usr", "usr/bin", "usr/bin/busybox", "usr/bin/sh"]);
  assertEquals(to.file("bin/sh")?.path, "usr/bin/busybox");
});

Deno.test("a directory comes whole, and a hard link as a file of its own without xattrs", () => {
  const from = smallTree({ "etc/d/a": "1", "etc/d/deep/b": "2", "file": "3" });
  const file = from.file("file")!;
  from.put({ ...file, xattrs: new Map([["security.capability", new Uint8Array(4)]]) });
  from.put({ ...file, type: "hardlink", path: "etc/d/c", target: "file" });
  const to = smallTree({});
  assertEquals(transplant(from, to, "etc/d"), ["etc/d/a", "etc/d/c", "etc/d/deep/b"]);
  assertEquals(to.get("etc/d/c"), { ...file, path: "etc/d/c" });
});

Deno.test("what is not there, or a link to itself, is named", () => {
  const from = smallTree({ "loop": { link: "loop" }, "dangling": { link: "gone" } });
  for (const path of ["nothing", "loop", "dangling"]) {
    const error = assertThrows(() => transplant(from, smallTree({}), path), TowerError);
    assertEquals(
      error.message,
      `Cannot take "/${path}" into the initramfs: it is not there`,
    );
  }
});
