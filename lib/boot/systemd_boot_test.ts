import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { inlineText } from "../tree/content.ts";
import { FileTree } from "../tree/file_tree.ts";
import { findSystemdBoot, loaderEntry, systemdBootFiles } from "./systemd_boot.ts";

const META = { mode: 0o755, uid: 0, gid: 0, mtime: 0, origin: "stage:test" } as const;
const ENTRY = { title: "Tower", kernel: "k", initramfs: "i", commandLine: "quiet" };

Deno.test("the loader is found by architecture, systemd-boot before gummiboot, or both are named", () => {
  const tree = new FileTree(META);
  const add = (path: string) => {
    const content = inlineText(path);
    tree.putParents(path, "stage:test", 0);
    tree.put({ ...META, type: "file", path, content });
    return content;
  };
  const old = add("usr/lib/gummiboot/gummibootaa64.efi");
  assertEquals(findSystemdBoot(tree, "aarch64"), old);
  const now = add("usr/lib/systemd/boot/efi/systemd-bootaa64.efi");
  assertEquals(findSystemdBoot(tree, "aarch64"), now);
  const error = assertThrows(() => findSystemdBoot(tree, "x86_64"), TowerError);
  assertEquals(error.code, "not-found");
  for (const name of ["systemd-bootx64.efi", "gummibootx64.efi"]) {
    assertStringIncludes(error.message, `/${name}"`);
  }
  assertStringIncludes(error.hint ?? "", "[systemd-boot, gummiboot]");
});

Deno.test("the loader lies where firmware looks without a boot variable", () => {
  const names = (arch: "x86_64" | "aarch64" | "armv7") => [
    ...systemdBootFiles(inlineText(""), arch, ENTRY, false).keys(),
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
