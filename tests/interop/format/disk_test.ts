import { inOneBreath } from "../../../lib/breathe.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { DiskPlan } from "../../../build/outputs/disk/plan.ts";
import { messagesOf, TowerError } from "../../../lib/errors.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { silent } from "../../../lib/report/event.ts";
import { inlineText } from "../../../lib/tree/content.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import { BOOT_TREE_TOOLS, bootTree } from "../../support/format/boot_tree.ts";
import { DEBIAN_TOOLS } from "../../support/build/debian_files.ts";
import { fileSink, tempFolder } from "../../support/program/file_sink.ts";
import { diskPlan, writeImage } from "../../support/format/disk_plan.ts";
import { partitionFile } from "../../support/format/partition_file.ts";
import { run } from "../../support/program/run_tool.ts";

const runner = denoRunner();
const TOOLS = ["sfdisk", "sgdisk", "fsck.fat", "mdir", "mtype", "e2fsck", "debugfs"];
const missing = [...TOOLS, ...BOOT_TREE_TOOLS, ...DEBIAN_TOOLS].filter((t) => !runner.which(t));
const skip = missing.length > 0;
const reason = skip ? ` (skipped: ${missing.join(", ")} missing)` : "";

const EPOCH = 1_700_000_000;
const reader = {
  open: () => {
    throw new Error("no blobs here");
  },
};
const PLAN = diskPlan();

async function write(tree: FileTree, plan: DiskPlan, image: string): Promise<void> {
  using sink = fileSink(image);
  await writeImage(tree, plan, sink, {
    reader,
    epoch: EPOCH,
    reporter: silent,
    breathe: inOneBreath,
  });
}

for (const table of ["mbr", "gpt"] as const) {
  Deno.test({
    name: `a disk with ${table} satisfies the tools for tables, FAT and ext4${reason}`,
    ignore: skip,
    async fn() {
      using folder = tempFolder();
      const image = join(folder.path, "disk.img");
      await write(await bootTree(runner), diskPlan({ table }), image);
      const verified = await runner.run({ argv: ["sfdisk", "--verify", image] });
      const said = new TextDecoder().decode(verified.stdout) +
        new TextDecoder().decode(verified.stderr);
      assertStringIncludes(said, "No errors detected.");
      if (table === "gpt") assertStringIncludes(await run("sgdisk", "-v", image), "No problems");

      const boot = await partitionFile(runner, image, 1);
      await run("fsck.fat", "-n", boot);
      const listed = await run("mdir", "-b", "-/", "-i", boot, "::");
      assertEquals(listed.trim().split("\n").sort(), [
        "::/EFI/",
        "::/EFI/BOOT/",
        "::/EFI/BOOT/BOOTX64.EFI",
        "::/initramfs-virt",
        "::/ldlinux.c32",
        "::/loader/",
        "::/loader/entries/",
        "::/loader/entries/system.conf",
        "::/loader/loader.conf",
        "::/syslinux.cfg",
        "::/vmlinuz-virt",
      ]);
      assertStringIncludes(await run("mtype", "-i", boot, "::syslinux.cfg"), PLAN.boot!.cmdline);

      const root = await partitionFile(runner, image, 2);
      await run("e2fsck", "-fn", root);
      const shown = await run("debugfs", "-R", "cat /etc/hostname", root);
      assertEquals(shown, "tower\n");
      const mountPoint = await run("debugfs", "-R", "ls -p /boot", root);
      assertEquals(mountPoint.trim().split("\n").map((l) => l.split("/")[5]), [".", ".."]);
    },
  });
}

Deno.test({
  name: `the same tree and plan give the same bytes${reason}`,
  ignore: skip,
  async fn() {
    using folder = tempFolder();
    const paths = [join(folder.path, "a"), join(folder.path, "b")];
    const tree = await bootTree(runner);
    for (const path of paths) await write(tree, PLAN, path);
    await runner.run({ argv: ["cmp", paths[0]!, paths[1]!] });
    assert(Deno.statSync(paths[0]!).size % (1 << 20) === 0);
  },
});

Deno.test({
  name: `a disk that cannot be made says what is missing or too much${reason}`,
  ignore: skip,
  async fn() {
    const tree = await bootTree(runner);
    const content = inlineText("x");
    const meta = { uid: 0, gid: 0, mtime: 0, mode: 0o644, origin: "stage:test" } as const;
    const owned = tree.clone();
    owned.put({ ...meta, type: "file", path: "boot/config", uid: 7, content });
    const linked = tree.clone();
    linked.put({ ...meta, type: "hardlink", path: "etc/k", target: "boot/vmlinuz-virt" });
    const clashing = tree.clone();
    clashing.put({ ...meta, type: "file", path: "boot/syslinux.cfg", content });
    const bare = tree.clone();
    bare.remove("usr");
    const cases: [FileTree, object, string, string][] = [
      [owned, {}, "unsupported", 'partition "boot"'],
      [linked, {}, "unsupported", '"/etc/k" into a tree without "/boot"'],
      [clashing, {}, "conflict", "/boot/syslinux.cfg"],
      [bare, { loaders: ["syslinux"] }, "not-found", "/usr/bin/syslinux"],
      [bare, { loaders: ["systemd-boot"] }, "not-found", "systemd-bootx64.efi"],
      [tree, { flavour: "lts" }, "not-found", "/boot/vmlinuz-lts"],
      [tree, { initramfs: "/etc/hostname" }, "not-found", 'not below "/boot"'],
      [tree, { cmdline: "ü".repeat(1000) }, "usage", "2048 bytes"],
      [tree, { boot: { size: "1MiB" } }, "no-space", 'partition "boot"'],
      [tree, { root: { size: "64KiB" } }, "no-space", 'partition "root"'],
    ];
    using folder = tempFolder();
    for (const [given, changes, code, message] of cases) {
      const error = await assertRejects(
        () => write(given, diskPlan(changes), join(folder.path, "x")),
        TowerError,
      );
      assertStringIncludes(messagesOf(error).join("\n"), message);
      assertEquals(error.code, code, error.message);
    }
    await assertRejects(
      () => write(tree, diskPlan({}, "aarch64"), join(folder.path, "x")),
      TowerError,
      "only x86_64 has a BIOS",
    );
  },
});
