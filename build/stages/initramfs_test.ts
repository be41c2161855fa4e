import { inOneBreath } from "../../lib/breathe.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { fieldOf, TowerError } from "../../lib/errors.ts";
import { NO_SIGNER } from "../../lib/secure_boot/efi_signer.ts";
import { silent } from "../../lib/report/event.ts";
import { bytesOf, textOf } from "../../lib/tree/content.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { moduleFile } from "../../tests/support/format/elf_file.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { smallTree } from "../../tests/support/tree/small_tree.ts";
import { initramfs, type InitramfsPlan, initramfsTree } from "./initramfs.ts";
import { contentMaker } from "../../tests/support/tree/make_content.ts";
import { noCompressor, noTree } from "../../tests/support/tree/stage_context.ts";
import { makeAnew } from "../../tests/support/tree/make_anew.ts";
import { NEEDED_APPLETS } from "./initramfs/busybox.ts";
import { PARTS } from "./initramfs/parts.ts";

const store = new MemoryStore();
const RELEASE = "6.6-0-virt";
const BASE = `lib/modules/${RELEASE}`;
const files = {
  "bin/busybox": `\0${NEEDED_APPLETS.join("\0")}\0blkid\0`,
  "boot/vmlinuz-virt": "",
  "etc/modprobe.d/blacklist.conf": "blacklist pcspkr\n",
  "lib/firmware/card.bin.zst": "firmware",
  [`${BASE}/kernel/a.ko`]: moduleFile({ exports: ["a"] }),
  [`${BASE}/kernel/b.ko`]: moduleFile({ imports: ["a"], info: ["firmware=card.bin"] }),
  [`${BASE}/kernel/c.ko`]: moduleFile({}),
  [`${BASE}/modules.dep`]: "kernel/a.ko:\nkernel/b.ko: kernel/a.ko\nkernel/c.ko:\n",
  "usr/bin/tool": "#!/bin/sh\n",
};
const plan: InitramfsPlan = {
  kind: "initramfs",
  flavour: "virt",
  path: "boot/initramfs-virt",
  modules: ["b"],
  parts: [],
  files: ["usr/bin/tool"],
  compression: "none",
  emergencyShell: false,
};
const treeOf = (tree: FileTree, changed: Partial<InitramfsPlan> = {}) =>
  initramfsTree(tree, store, { ...plan, release: RELEASE, ...changed }, {
    epoch: 5,
    breathe: inOneBreath,
  });
const text = (tree: FileTree, path: string) => textOf(store, tree.file(path)!.content);

Deno.test("it holds what was asked for, what that needs, and nothing else of the tree", async () => {
  const tree = await treeOf(smallTree(files));
  const found = [...tree.walk()].filter((e) => e.type === "file").map((e) => e.path);
  const indexes = [".alias", ".alias.bin", ".builtin.alias.bin", ".builtin.bin", ".dep", ".dep.bin"]
    .concat([".devname", ".softdep", ".symbols", ".symbols.bin"]);
  assertEquals(found, [
    "bin/busybox",
    "etc/modprobe.d/blacklist.conf",
    "etc/modules",
    "init",
    "lib/firmware/card.bin.zst",
    `${BASE}/kernel/a.ko`,
    `${BASE}/kernel/b.ko`,
    ...indexes.map((name) => `${BASE}/modules${name}`),
    "usr/bin/tool",
  ]);
  assertEquals(text(tree, "etc/modules"), "b\n");
  // kmod's hash puts "b" before "a" where no modules.order is.
  assertEquals(text(tree, `${BASE}/modules.dep`), "kernel/b.ko: kernel/a.ko\nkernel/a.ko:\n");
});

Deno.test("modules come without their compression, and lib/modules leads to them", async () => {
  const { [`${BASE}/kernel/a.ko`]: a, [`${BASE}/kernel/b.ko`]: b, ...others } = files;
  const usr = Object.fromEntries(
    Object.entries(others).map(([path, value]) => [path.replace(/^lib\//, "usr/lib/"), value]),
  );
  const modules = {
    [`usr/${BASE}/kernel/a.ko.gz`]: gzipSync(a as Uint8Array),
    [`usr/${BASE}/kernel/b.ko.zst`]: zstdCompressSync(b as Uint8Array),
    [`usr/${BASE}/modules.dep`]: "kernel/a.ko.gz:\nkernel/b.ko.zst: kernel/a.ko.gz\n",
  };
  for (const lib of [{ lib: { link: "usr/lib" } }, {}]) {
    const tree = await treeOf(smallTree({ ...lib, ...usr, ...modules }));
    assertEquals(bytesOf(store, tree.file(`${BASE}/kernel/a.ko`)!.content), a);
    assertEquals(bytesOf(store, tree.file(`${BASE}/kernel/b.ko`)!.content), b);
    assertEquals(text(tree, `${BASE}/modules.dep`), "kernel/b.ko: kernel/a.ko\nkernel/a.ko:\n");
    assertEquals(tree.get(`usr/${BASE}/kernel/a.ko.gz`), undefined);
  }
});

Deno.test("a kernel with all built in has indexes without modules", async () => {
  const tree = await treeOf(
    smallTree({ ...files, [`${BASE}/modules.builtin`]: "kernel/ext4.ko\n" }),
    {
      modules: ["ext4"],
    },
  );
  assertEquals(text(tree, `${BASE}/modules.dep`), "");
  assertEquals(text(tree, "etc/modules"), "");
});

Deno.test("init and the kernel find their programs, and mount points and devices are there", async () => {
  const tree = await treeOf(smallTree(files));
  assertStringIncludes(text(tree, "init"), "#!/bin/busybox sh\n");
  for (const applet of NEEDED_APPLETS) {
    assertEquals(tree.file(`bin/${applet}`)?.path, "bin/busybox", applet);
  }
  assertEquals(tree.file("sbin/modprobe")?.path, "bin/busybox");
  assertEquals(tree.get("bin/vi"), undefined);
  assertEquals(tree.get("newroot")?.type, "directory");
  const console = tree.get("dev/console");
  assert(console?.type === "char" && console.major === 5 && console.minor === 1);
});

Deno.test("where /bin is a link to usr/bin, so it is there, and a real modprobe stays", async () => {
  const { "bin/busybox": busybox, ...others } = files;
  const tree = await treeOf(
    smallTree({
      ...others,
      "bin": { link: "usr/bin" },
      "sbin": { link: "usr/sbin" },
      "usr/bin/busybox": busybox,
      "usr/sbin/modprobe": "kmod",
    }),
    { files: ["sbin/modprobe"] },
  );
  assertEquals(tree.file("bin/busybox")?.path, "usr/bin/busybox");
  assertEquals(tree.file("bin/sh")?.path, "usr/bin/busybox");
  assertEquals(text(tree, "sbin/modprobe"), "kmod");
  assertEquals(tree.get("usr/bin/modprobe"), undefined);
});

Deno.test("every applet that is asked of busybox is one that /init calls", async () => {
  const script = text(await treeOf(smallTree(files)), "init");
  const code = script.split("\n").filter((l) => !l.trim().startsWith("#")).join("\n");
  for (const applet of NEEDED_APPLETS) assert(new RegExp(`\\b${applet}\\b`).test(code), applet);
});

Deno.test("what opens an encrypted root is there only where the part unlock is listed", async () => {
  const busybox = `\0${[...NEEDED_APPLETS, ...PARTS.unlock.applets].join("\0")}\0`;
  const programs = { "sbin/cryptsetup": "", "sbin/lvm": "" };
  const tree = smallTree({ ...files, "bin/busybox": busybox, ...programs });
  const opening = await treeOf(tree, { parts: ["unlock"] });
  for (const path of Object.keys(programs)) assertEquals(opening.file(path)?.path, path);
  const script = text(opening, "unlock.sh");
  for (const applet of PARTS.unlock.applets) {
    assert(new RegExp(`\\b${applet}\\b`).test(script), applet);
    assertEquals(opening.file(`bin/${applet}`)?.path, "bin/busybox", applet);
  }
  assertEquals((await treeOf(tree)).get("unlock.sh"), undefined);
  const poor = smallTree({ ...files, ...programs });
  await assertRejects(
    () => treeOf(poor, { parts: ["unlock"] }),
    TowerError,
    PARTS.unlock.applets.join(", "),
  );
  const bare = smallTree({ ...files, "bin/busybox": busybox });
  const missing = await assertRejects(
    () => treeOf(bare, { parts: ["unlock"] }),
    TowerError,
    "cryptsetup",
  );
  assertEquals(fieldOf(missing), ["parts", 0]);
});

Deno.test("functions of the part verity are read before the start, beside those of a shell", async () => {
  const busybox = `\0${[...NEEDED_APPLETS, ...PARTS.verity.applets].join("\0")}\0`;
  const tree = smallTree({ ...files, "bin/busybox": busybox, "sbin/veritysetup": "" });
  const verified = await treeOf(tree, { parts: ["verity"] });
  assertEquals(verified.file("sbin/veritysetup")?.path, "sbin/veritysetup");
  const script = text(verified, "shell.sh");
  for (const applet of PARTS.verity.applets) {
    assert(new RegExp(`\\b${applet}\\b`).test(script), applet);
  }
  // /init calls them by these names.
  const start = text(verified, "init");
  for (const name of ["wait_for_root", "mount_root"]) {
    assert(script.includes(`\n${name}() {`), name);
    assert(start.includes(`\n${name}\n`), name);
  }
  const both = await treeOf(tree, { parts: ["verity"], emergencyShell: true });
  const [shell] = [await treeOf(tree, { emergencyShell: true })].map((t) => text(t, "shell.sh"));
  assertEquals(text(both, "shell.sh"), `${script}\n${shell}`);
});

Deno.test("a root on the medium is not one of a disk's as well", () => {
  const takes = (parts: readonly string[]) =>
    initramfs.spec.safeParse({ kind: "initramfs", flavour: "virt", path: "/boot/i", parts })
      .success;
  assertEquals(
    [["live"], ["live", "verity"], ["slots", "live"], ["slots", "verity"]].map(takes),
    [true, false, false, true],
  );
});

Deno.test("the tree gets one archive, the same for the same plan, packed as the plan says", async () => {
  const context = {
    reader: store,
    blobs: store,
    content: contentMaker(store),
    blockCompressor: noCompressor,
    tree: noTree,
    arch: "x86_64",
    epoch: 5,
    reporter: silent,
    packages: [],
    sources: new Map(),
    onScript: () => {},
    zstd: "wasm",
    made: makeAnew,
    efiSigner: NO_SIGNER,
    breathe: inOneBreath,
  } as const;
  const pack = async (compression: InitramfsPlan["compression"], configuration?: string) => {
    const tree = smallTree({
      ...files,
      ...configuration === undefined ? {} : { "boot/config-virt": configuration },
    });
    await initramfs.apply(tree, { ...plan, compression }, context);
    return tree.file("boot/initramfs-virt")!;
  };
  const starts = async (...how: Parameters<typeof pack>) =>
    bytesOf(store, (await pack(...how)).content).subarray(0, 4).toHex();
  const plain = await pack("none"), again = await pack("none"), packed = await pack("gzip");
  assertEquals(again, plain);
  assertEquals(textOf(store, plain.content).slice(0, 6), "070701");
  assertEquals([...bytesOf(store, packed.content).subarray(0, 2)], [0x1f, 0x8b]);
  const takes = "CONFIG_RD_GZIP=y\nCONFIG_RD_ZSTD=y\n", takesNot = "# CONFIG_RD_ZSTD is not set\n";
  const zstd = "28b52ffd", gzip = "1f8b0800";
  assertEquals(await starts("zstd"), zstd);
  assertEquals(await starts(undefined, takes), zstd);
  assertEquals(await starts(undefined, takesNot), gzip);
  assertEquals(await starts(undefined), gzip);
  assertEquals(await starts("gzip", takes), gzip);
  const refused = await assertRejects(() => starts("zstd", takesNot), TowerError, "CONFIG_RD_ZSTD");
  assertEquals(refused.code, "unsupported");
  assertEquals([plain.mode, plain.uid, plain.mtime], [0o600, 0, 5]);
});

Deno.test("a busybox that is missing or lacks an applet is an error", async () => {
  const none = smallTree({ ...files, "bin/busybox": null });
  await assertRejects(() => treeOf(none), TowerError, "the tree has no busybox");
  const poor = smallTree({ ...files, "bin/busybox": "\0sh\0mount\0" });
  const error = await assertRejects(() => treeOf(poor), TowerError);
  assertEquals(error.code, "unsupported");
  assertStringIncludes(error.message, "switch_root");
});

Deno.test("a shell, and what is of use in one, comes only where the manifest asks for it", async () => {
  const paths = async (emergencyShell: boolean) =>
    [...(await treeOf(smallTree(files), { emergencyShell })).walk()].map((e) => e.path);
  const without = await paths(false);
  const more = (await paths(true)).filter((path) => !without.includes(path));
  assertEquals(more, ["bin/blkid", "shell.sh"]);
});
