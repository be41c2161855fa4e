import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { inlineText, textOf } from "../tree/content.ts";
import { FileTree } from "../tree/file_tree.ts";
import { checkRaspberryPi, raspberryPiFiles } from "./raspberry_pi.ts";

const META = { uid: 0, gid: 0, mtime: 0, origin: "stage:test" } as const;
const FIRMWARE = ["bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat"];
const ENTRY = {
  title: "host",
  kernel: "vmlinuz-rpi",
  initramfs: "initramfs-rpi",
  commandLine: "root=UUID=1 quiet",
};
const NO_BLOBS = {
  open: () => {
    throw new Error("nothing lies in a blob");
  },
};

function treeOf(...names: string[]): FileTree {
  const tree = new FileTree({ ...META, mode: 0o755 });
  for (const name of names) {
    const path = `boot/${name}`;
    tree.putParents(path, META.origin, 0);
    tree.put({ ...META, type: "file", path, mode: 0o644, content: inlineText("") });
  }
  return tree;
}

function textsOf(tree: FileTree, arch: "aarch64" | "armv7"): Record<string, string> {
  const files = raspberryPiFiles(tree, arch, ENTRY);
  return Object.fromEntries(
    [...files].map(([name, content]) => [name, textOf(NO_BLOBS, content, 4096)]),
  );
}

Deno.test("raspberryPiFiles() names kernel and initramfs, and leaves the user a file", () => {
  const texts = textsOf(treeOf("bcm2710-rpi-3-b.dtb", "bcm2711-rpi-4-b.dtb"), "aarch64");
  assertEquals(texts["config.txt"]!.split("\n").slice(1), [
    "kernel=vmlinuz-rpi",
    "initramfs initramfs-rpi followkernel",
    "arm_64bit=1",
    "enable_uart=1",
    "include usercfg.txt",
    "",
  ]);
  assertEquals(texts["usercfg.txt"], "");
  assertMatch(texts["cmdline.txt"]!, /^root=UUID=1 quiet {128}\n$/);
});

Deno.test("raspberryPiFiles() tells the firmware of Linux' own names, and of 32 bits", () => {
  const own = textsOf(treeOf("bcm2837-rpi-3-b.dtb", "usercfg.txt"), "armv7");
  assertStringIncludes(own["config.txt"]!, "\narm_64bit=0\nupstream_kernel=1\n");
  assertEquals(Object.keys(own), ["config.txt", "cmdline.txt"]);
});

Deno.test("checkRaspberryPi() names what is missing and what brings it", () => {
  const check = (...names: string[]) =>
    assertThrows(() => checkRaspberryPi(treeOf(...names)), TowerError);
  const bare = check("start.elf", "bcm2711-rpi-4-b.dtb");
  assertStringIncludes(bare.message, '"/boot/bootcode.bin"');
  assertStringIncludes(bare.hint ?? "", "raspberrypi-bootloader");
  assertStringIncludes(check(...FIRMWARE).hint ?? "", "linux-rpi");
  checkRaspberryPi(treeOf(...FIRMWARE, "bcm2711-rpi-4-b.dtb"));
});
