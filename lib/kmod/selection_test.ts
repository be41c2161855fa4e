import { assertEquals, assertRejects } from "@std/assert";
import { inOneBreath } from "../breathe.ts";
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
  selectModules(moduleDirectory(tree, inlineOnly, "6.1"), wanted, inOneBreath);

Deno.test("a module brings all that it needs, and only itself is loaded by name", async () => {
  assertEquals(await select("virtio-blk"), {
    paths: [
      "kernel/block/virtio_blk.ko",
      "kernel/bus/virtio.ko",
      "kernel/bus/virtio_ring.ko",
    ],
    named: ["virtio_blk"],
    firmware: [],
  });
});

Deno.test("a soft need is found by its alias, and one that is nowhere is left out", async () => {
  assertEquals((await select("big_fs")).paths, [
    "kernel/fs/big-fs.ko",
    "kernel/lib/crc32c-intel.ko",
  ]);
});

Deno.test("globs, paths, directories and features choose without loading by name", async () => {
  assertEquals((await select("virtio*")).paths.length, 3);
  assertEquals((await select("kernel/bus/*.ko")).paths.length, 2);
  assertEquals((await select("kernel/bus")).paths.length, 2);
  assertEquals((await select("@virtio")).paths.length, 3);
  assertEquals((await select("virtio*", "kernel/bus", "@virtio")).named, []);
});

Deno.test("what is built into the kernel needs no file", async () => {
  assertEquals(await select("ext4", "@ext4"), { paths: [], named: [], firmware: [] });
});

Deno.test("firmware is told by the modules, in one order", async () => {
  assertEquals((await select("card")).firmware, ["a.bin", "card/b.bin"]);
});

Deno.test("a name that is nowhere is an error, for a feature with those that there are", async () => {
  for (const name of ["nosuch", "nosuch*", "kernel/nosuch/*", "@constructor", "@nvme"]) {
    const error = await assertRejects(() => select(name), TowerError);
    assertEquals(
      error.message,
      `Cannot find kernel module "${name}": kernel "6.1" has none of that name`,
    );
  }
  const { hint } = await assertRejects(() => select("@nosuch"), TowerError);
  assertEquals(hint?.startsWith("Features are @ata, @crypt, @ext4, "), true);
});

Deno.test("modules that were not indexed yet are an error that says what to do", async () => {
  const bare = smallTree({ [`${BASE}/kernel/a.ko`]: empty });
  const error = await assertRejects(
    () => selectModules(moduleDirectory(bare, inlineOnly, "6.1"), ["a"], inOneBreath),
    TowerError,
  );
  assertEquals(error.hint, 'Put the stage "kernel" before the stage "initramfs"');
});
