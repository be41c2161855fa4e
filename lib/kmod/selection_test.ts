import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { moduleFile } from "../../tests/support/format/elf_file.ts";
import { inlineOnly, smallTree } from "../../tests/support/tree/small_tree.ts";
import { moduleDirectory } from "./module_directory.ts";
import { selectModules } from "./selection.ts";

const empty = moduleFile({});
const BASE = "lib/modules/6.1";
const tree = smallTree({
  [`${BASE}/kernel/bus/virtio.ko`]: empty,
  [`${BASE}/kernel/bus/virtio_ring.ko`]: empty,
  [`${BASE}/kernel/block/virtio_blk.ko`]: empty,
  [`${BASE}/kernel/fs/big-fs.ko`]: moduleFile({ info: ["softdep=pre: crc32c post: nowhere"] }),
  [`${BASE}/kernel/lib/crc32c-intel.ko`]: empty,
  [`${BASE}/kernel/net/card.ko`]: moduleFile({ info: ["firmware=card/b.bin", "firmware=a.bin"] }),
  [`${BASE}/modules.dep`]: [
    "kernel/bus/virtio.ko:",
    "kernel/bus/virtio_ring.ko: kernel/bus/virtio.ko",
    "kernel/block/virtio_blk.ko: kernel/bus/virtio_ring.ko kernel/bus/virtio.ko",
    "",
  ].join("\n"),
  [`${BASE}/modules.alias`]: "# comment\nalias crc32c crc32c_intel\n",
  [`${BASE}/modules.builtin`]: "kernel/fs/ext4/ext4.ko\n",
});
const select = (...wanted: string[]) =>
  selectModules(moduleDirectory(tree, inlineOnly, "6.1"), wanted);

Deno.test("a module brings all that it needs, and only itself is loaded by name", () => {
  assertEquals(select("virtio-blk"), {
    paths: [
      "kernel/block/virtio_blk.ko",
      "kernel/bus/virtio.ko",
      "kernel/bus/virtio_ring.ko",
    ],
    named: ["virtio_blk"],
    firmware: [],
  });
});

Deno.test("a soft need is found by its alias, and one that is nowhere is left out", () => {
  assertEquals(select("big_fs").paths, ["kernel/fs/big-fs.ko", "kernel/lib/crc32c-intel.ko"]);
});

Deno.test("globs, paths, directories and features choose without loading by name", () => {
  assertEquals(select("virtio*").paths.length, 3);
  assertEquals(select("kernel/bus/*.ko").paths.length, 2);
  assertEquals(select("kernel/bus").paths.length, 2);
  assertEquals(select("@virtio").paths.length, 3);
  assertEquals(select("virtio*", "kernel/bus", "@virtio").named, []);
});

Deno.test("what is built into the kernel needs no file", () => {
  assertEquals(select("ext4", "@ext4"), { paths: [], named: [], firmware: [] });
});

Deno.test("firmware is told by the modules, in one order", () => {
  assertEquals(select("card").firmware, ["a.bin", "card/b.bin"]);
});

Deno.test("a name that is nowhere is an error, for a feature with those that there are", () => {
  for (const name of ["nosuch", "nosuch*", "kernel/nosuch/*", "@constructor", "@nvme"]) {
    const error = assertThrows(() => select(name), TowerError);
    assertEquals(
      error.message,
      `Cannot find kernel module "${name}": kernel "6.1" has none of that name`,
    );
  }
  const { hint } = assertThrows(() => select("@nosuch"), TowerError);
  assertEquals(hint?.startsWith("Features are @ata, @crypt, @ext4, "), true);
});

Deno.test("modules that were not indexed yet are an error that says what to do", () => {
  const bare = smallTree({ [`${BASE}/kernel/a.ko`]: empty });
  const error = assertThrows(
    () => selectModules(moduleDirectory(bare, inlineOnly, "6.1"), ["a"]),
    TowerError,
  );
  assertEquals(error.hint, 'Put the stage "kernel" before the stage "initramfs"');
});
