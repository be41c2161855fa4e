import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { inlineOnly, smallTree } from "../../tests/support/tree/small_tree.ts";
import { isolinuxParts } from "../../tests/support/format/isolinux_parts.ts";
import { TowerError } from "../errors.ts";
import { textOf } from "../tree/content.ts";
import { findIsolinux, isolinuxFiles } from "./isolinux.ts";

const ENTRY = {
  title: "tower",
  kernel: "boot/vmlinuz",
  initramfs: "boot/initramfs",
  commandLine: "quiet",
};

Deno.test("ISOLINUX comes out of the tree, with a configuration that names the entry", () => {
  const isolinux = findIsolinux(smallTree(isolinuxParts()), inlineOnly);
  assertEquals(isolinux.diskCode.length, 432);
  const files = isolinuxFiles(isolinux, ENTRY);
  assertEquals([...files.keys()], [
    "boot/isolinux/isolinux.bin",
    "boot/isolinux/ldlinux.c32",
    "boot/isolinux/isolinux.cfg",
  ]);
  const config = textOf(inlineOnly, files.get("boot/isolinux/isolinux.cfg")!);
  assertStringIncludes(config, "LINUX /boot/vmlinuz\n");
});

Deno.test("a tree that lacks a part, or has something else under its name, is refused", () => {
  for (
    const [name, value, cause] of [
      ["isolinux.bin", undefined, '"/usr/share/syslinux/isolinux.bin" is not in the tree'],
      ["ldlinux.c32", undefined, "is not in the tree"],
      ["isolinux.bin", "no loader", "no loader that a disk can start"],
      ["isohdpfx.bin", "x".repeat(433), "not of 1 to 432 bytes"],
    ] as const
  ) {
    const { [`usr/share/syslinux/${name}`]: _, ...others } = isolinuxParts();
    const changed = value === undefined ? {} : { [`usr/share/syslinux/${name}`]: value };
    const find = () => findIsolinux(smallTree({ ...others, ...changed }), inlineOnly);
    assertThrows(find, TowerError, cause);
  }
});
