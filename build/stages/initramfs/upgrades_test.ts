import { assertEquals, assertStringIncludes } from "@std/assert";
import { textOf } from "../../../lib/tree/content.ts";
import { MemoryStore } from "../../../tests/support/tree/memory_store.ts";
import { smallTree } from "../../../tests/support/tree/small_tree.ts";
import { guardFromUpgrades } from "./upgrades.ts";

const store = new MemoryStore();
const DATABASE = { "lib/apk/db/installed": "P:linux-rpi\nV:6.6-r1\n\n", "etc/apk/world": "a\n" };

function guarded(files: Record<string, string>, kernel = "package:linux-rpi") {
  const tree = smallTree({ ...files, "boot/vmlinuz-rpi": "kernel" });
  tree.put({ ...tree.get("boot/vmlinuz-rpi")!, origin: kernel as "package:x" });
  guardFromUpgrades(tree, store, "rpi", 5, store);
  return {
    tree,
    text(path: string) {
      const file = tree.file(path);
      return file && textOf(store, file.content);
    },
  };
}

Deno.test("what triggers would run is told to leave /boot alone, by its own settings", () => {
  const { text, tree } = guarded({
    ...DATABASE,
    "sbin/mkinitfs": "",
    "etc/mkinitfs/mkinitfs.conf": 'features="base"\n\n',
    "usr/sbin/update-extlinux": "",
    "etc/update-extlinux.conf": "overwrite=1",
    "sbin/update-raspberrypi-bootloader": "",
  });
  const note = "# /boot was made with the image: nothing of it is made here.\n";
  assertEquals(
    text("etc/mkinitfs/mkinitfs.conf"),
    `features="base"\n\n${note}disable_trigger=yes\n`,
  );
  assertEquals(
    text("etc/update-extlinux.conf"),
    `overwrite=1\n\n${note}disable_trigger=1\noverwrite=0\n`,
  );
  assertEquals(text("etc/update-raspberrypi-bootloader.conf"), `${note}disable_trigger=1\n`);
  const { origin, mtime, mode } = tree.file("etc/update-raspberrypi-bootloader.conf")!;
  assertEquals([origin, mtime, mode], ["stage:initramfs", 5, 0o644]);
});

Deno.test("what is not there gets no settings, and a manifest's own decision stays", () => {
  const own = "disable_trigger=no\n";
  const { text } = guarded({
    ...DATABASE,
    "sbin/mkinitfs": "",
    "etc/mkinitfs/mkinitfs.conf": own,
  });
  assertEquals(text("etc/mkinitfs/mkinitfs.conf"), own);
  assertEquals(text("etc/update-extlinux.conf"), undefined);
  assertEquals(text("etc/update-raspberrypi-bootloader.conf"), undefined);
});

Deno.test("the kernel's package is held where it is, whatever its name", () => {
  const { text, tree } = guarded(DATABASE);
  assertStringIncludes(text("lib/apk/db/installed")!, "P:.initramfs-rpi\n");
  assertStringIncludes(text("lib/apk/db/installed")!, "\nD:linux-rpi=6.6-r1\n");
  assertEquals(text("etc/apk/world"), ".initramfs-rpi\na\n");
  assertStringIncludes(
    text("etc/apk/commit_hooks.d/initramfs-rpi")!,
    'echo "linux-rpi stays at 6.6-r1:',
  );
  assertEquals(tree.file("etc/apk/commit_hooks.d/initramfs-rpi")!.mode, 0o755);
});

Deno.test("a kernel of no package, and a tree without packages, have nothing to hold", () => {
  for (const { tree } of [guarded(DATABASE, "stage:files"), guarded({ "sbin/mkinitfs": "" })]) {
    assertEquals(tree.get("etc/apk/commit_hooks.d"), undefined);
    assertEquals(tree.get("etc/mkinitfs"), undefined);
  }
});
