import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { inlineText } from "../tree/content.ts";
import { FileTree } from "../tree/file_tree.ts";
import { findSystemdBoot, loaderEntry, systemdBootFiles } from "./systemd_boot.ts";

const META = { mode: 0o755, uid: 0, gid: 0, mtime: 0, origin: "stage:test" } as const;
const ENTRY = { title: "Tower", kernel: "k", initramfs: "i", commandLine: "quiet" };

Deno.test("the loader is found by architecture, or the package to add is named", () => {
  const tree = new FileTree(META);
  const path = "usr/lib/systemd/boot/efi/systemd-bootaa64.efi";
  const content = inlineText("EFI");
  tree.putParents(path, "stage:test", 0);
  tree.put({ ...META, type: "file", path, content });
  assertEquals(findSystemdBoot(tree, "aarch64"), content);
  const error = assertThrows(() => findSystemdBoot(tree, "x86_64"), TowerError, "bootx64.efi");
  assertEquals(error.code, "not-found");
  assertEquals(error.hint, 'Add the package "systemd-boot" to the system');
});

Deno.test("the loader lies where firmware looks without a boot variable", () => {
  const names = (arch: "x86_64" | "aarch64" | "armv7") => [
    ...systemdBootFiles(inlineText(""), arch, ENTRY).keys(),
  ];
  assertEquals(names("x86_64"), [
    "EFI/BOOT/BOOTX64.EFI",
    "loader/loader.conf",
    "loader/entries/system.conf",
  ]);
  assertEquals(names("aarch64")[0], "EFI/BOOT/BOOTAA64.EFI");
  assertEquals(names("armv7")[0], "EFI/BOOT/BOOTARM.EFI");
});

Deno.test("an entry is one key and value a line, and no value can add a line", () => {
  assertEquals(loaderEntry(ENTRY), "title Tower\nlinux /k\ninitrd /i\noptions quiet\n");
  assertThrows(() => loaderEntry({ ...ENTRY, title: "a\nlinux /x" }), TowerError, "control");
});
