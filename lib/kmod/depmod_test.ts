import { inOneBreath } from "../breathe.ts";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { TowerError } from "../errors.ts";
import { moduleFile } from "../../tests/support/format/elf_file.ts";
import { inlineOnly, smallTree } from "../../tests/support/tree/small_tree.ts";
import { depmod, normalAlias } from "./depmod.ts";
import { moduleDirectory, releasesIn } from "./module_directory.ts";

const fileOf = async (entries: Parameters<typeof smallTree>[0], name: string) => {
  const prefixed = Object.fromEntries(
    Object.entries(entries).map(([path, value]) => [`lib/modules/6.1/${path}`, value]),
  );
  const directory = moduleDirectory(smallTree(prefixed), inlineOnly, "6.1");
  return new TextDecoder().decode((await depmod(directory, inOneBreath)).files.get(name));
};

const low = moduleFile({ exports: ["low_do"] });
const mid = moduleFile({ exports: ["mid_do"], imports: ["low_do", "printk"] });
const top = moduleFile({ imports: ["mid_do"], info: ["alias=pci:v1-2", "softdep=pre: low"] });

Deno.test("modules.dep names what a module needs at any distance, nearest first", async () => {
  const order = "kernel/top.ko\nkernel/mid.ko\nkernel/low.ko\n";
  const tree = { "kernel/low.ko": low, "kernel/mid.ko": mid, "kernel/top.ko": top };
  assertEquals(
    await fileOf({ ...tree, "modules.order": order }, "modules.dep"),
    "kernel/top.ko: kernel/mid.ko kernel/low.ko\nkernel/mid.ko: kernel/low.ko\nkernel/low.ko:\n",
  );
});

Deno.test("compressed modules are read and keep their suffix, and modules.order fits them", async () => {
  const tree = {
    "kernel/a-low.ko.gz": gzipSync(low),
    "kernel/mid.ko.zst": zstdCompressSync(mid),
    "modules.order": "kernel/mid.ko\nkernel/a-low.ko\n",
  };
  assertEquals(
    await fileOf(tree, "modules.dep"),
    "kernel/mid.ko.zst: kernel/a-low.ko.gz\nkernel/a-low.ko.gz:\n",
  );
});

Deno.test("aliases and soft dependencies are listed by module, with its name in underscores", async () => {
  assertEquals(
    await fileOf({ "kernel/my-top.ko": top }, "modules.alias"),
    "# Aliases extracted from modules themselves.\nalias pci:v1-2 my_top\n",
  );
  assertEquals(
    await fileOf({ "kernel/my-top.ko": top }, "modules.softdep"),
    "# Soft dependencies extracted from modules themselves.\nsoftdep my_top pre: low\n",
  );
});

Deno.test("a module below updates/ takes the place of the kernel's own", async () => {
  const tree = { "kernel/low.ko": low, "updates/low.ko": low, "build/low.ko": low };
  assertEquals(await fileOf(tree, "modules.dep"), "updates/low.ko:\n");
});

Deno.test("a device name is listed once its number is known", async () => {
  const fuse = moduleFile({ info: ["alias=devname:fuse", "alias=char-major-10-229"] });
  const lone = moduleFile({ info: ["alias=devname:lone"] });
  assertEquals(
    await fileOf({ "fuse.ko": fuse, "lone.ko": lone }, "modules.devname"),
    "# Device nodes to trigger on-demand module loading.\nfuse fuse c10:229\n",
  );
});

Deno.test("modules that need each other are an error that names them", async () => {
  const tree = {
    "a.ko": moduleFile({ exports: ["a"], imports: ["b"] }),
    "b.ko": moduleFile({ exports: ["b"], imports: ["a"] }),
  };
  const error = await assertRejects(() => fileOf(tree, "modules.dep"), TowerError);
  assertEquals(
    error.message,
    "Cannot order kernel modules: a, b need each other in a circle",
  );
});

Deno.test("a module that cannot be read is named, and xz says what to do", async () => {
  const broken = await assertRejects(
    () => fileOf({ "x.ko": "no module" }, "modules.dep"),
    TowerError,
  );
  assertEquals(broken.message, 'Cannot read kernel module "x.ko"');
  const cut = { "x.ko.gz": gzipSync(low).subarray(0, 40) };
  assertEquals(
    (await assertRejects(() => fileOf(cut, "modules.dep"), TowerError)).code,
    "malformed",
  );
  const packed = await assertRejects(() => fileOf({ "x.ko.xz": "?" }, "modules.dep"), TowerError);
  assertEquals([packed.code, packed.hint], [
    "unsupported",
    "Use a kernel whose modules are plain, gzip or zstd",
  ]);
});

Deno.test("dashes of an alias become underscores outside of brackets", () => {
  assertEquals(normalAlias("fs-ext[0-9]-x"), "fs_ext[0-9]_x");
  assertEquals(normalAlias("a]"), undefined);
  assertEquals(normalAlias("a[b"), undefined);
});

Deno.test("releases are found through a merged /usr, and a missing one is named", () => {
  const tree = smallTree({ "lib": { link: "usr/lib" }, "usr/lib/modules/6.6.1-0-virt": null });
  assertEquals(releasesIn(tree), ["6.6.1-0-virt"]);
  const error = assertThrows(() => moduleDirectory(tree, inlineOnly, "5.0"), TowerError);
  assertEquals(error.hint, "There are modules of 6.6.1-0-virt");
});
