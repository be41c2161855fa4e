import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { QEMU } from "../../lib/qemu/machine.ts";
import { buildVariant, labMissing } from "../support/build/lab_system.ts";
import { startMachine } from "../support/machine/test_machine.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";
import { tempFolder } from "../support/program/file_sink.ts";

const runner = denoRunner();
/** Seconds until an emulated machine must be off. */
const END = 180;

/** What the machine finds of its partitions, on its second serial port. */
const CHECK = `#!/bin/sh
exec > /dev/ttyS1 2>&1
mounted() { awk -v at="$1" '$2 == at { print $1, $3, substr($4, 1, 2) }' /proc/mounts; }
word() { sed -n "s/.* $1=\\([^ ]*\\).*/\\1/p" /proc/cmdline; }
names() { sed -n 's/^PARTNAME=//p' /sys/class/block/vda[0-9]/uevent; }
echo "names $(names | tr '\\n' ' ')"
echo "root $(mounted /)"
echo "srv $(mounted /srv) $(cat /srv/file)"
echo "data $(mounted /mnt) $(ls -A /mnt)"
echo kept > /mnt/kept && umount /mnt && mount /mnt && cat /mnt/kept
test "UUID=$(word data)" = "UUID=$(blkid -o value -s UUID /dev/vda5)" && echo "data by its UUID"
test "$(word spare)" = "$(blkid -o value -s PARTUUID /dev/vda2)" && echo "spare by its PARTUUID"
echo "blob $(head -c 5 /dev/vda1)"
echo "spare $(tr -d '\\0' < /dev/vda2 | wc -c) of $(wc -c < /dev/vda2)"
mount /boot && ls /boot/vmlinuz-virt
umount /srv && e2fsck -fn /dev/vda4 > /dev/null 2>&1 && echo "srv is clean"
poweroff
`;

const MANIFEST = {
  stages: [
    { kind: "packages", world: ["blkid"] },
    {
      kind: "files",
      files: [
        { path: "/etc/local.d/check.start", contents: CHECK, mode: "0755" },
        { path: "/srv/file", contents: "of the tree" },
        { path: "/mnt", directory: true },
        {
          path: "/etc/fstab",
          contents: "LABEL=root / ext4 rw,relatime 0 1\n" +
            "LABEL=BOOT /boot vfat noauto,noatime,umask=0077 0 0\n" +
            "LABEL=srv /srv ext4 rw 0 2\nLABEL=data /mnt ext4 rw 0 2\n",
        },
      ],
    },
  ],
  outputs: [{
    ...{ kind: "disk", file: "lab.img", table: "gpt", flavour: "virt" },
    partitions: [
      { name: "blob", type: "linux", content: { kind: "raw", base64: btoa("TOWER") } },
      { name: "spare", type: "linux", content: { kind: "empty" }, size: "4MiB" },
      { name: "root", type: "root", content: { kind: "ext4", folder: "/" }, free: "64MiB" },
      { name: "srv", type: "linux", content: { kind: "ext4", folder: "/srv" }, free: "4MiB" },
      { name: "data", type: "linux", content: { kind: "ext4" }, size: "16MiB" },
      {
        ...{ name: "boot", type: "esp", free: "16MiB" },
        content: { kind: "fat", folder: "/boot", label: "BOOT" },
      },
    ],
    loaders: ["syslinux", "systemd-boot"],
    initramfs: "/boot/initramfs-virt",
    cmdline: "console=ttyS0,115200 quiet data={uuid:data} spare={partuuid:spare}",
  }],
};

Deno.test({
  ...named(
    "a system finds its partitions, whatever holds them and wherever it boots from",
    labMissing() ?? programsMissing(runner, QEMU),
  ),
  async fn() {
    using folder = tempFolder();
    const { image, record } = await buildVariant(folder.path, MANIFEST);
    const { partitions, commandLine } = record.artifacts[0]!;
    assertEquals(partitions!.map(({ name, content, folder }) => [name, content, folder]), [
      ["blob", "raw", undefined],
      ["spare", "empty", undefined],
      ["root", "ext4", "/"],
      ["srv", "ext4", "/srv"],
      ["data", "ext4", undefined],
      ["boot", "fat", "/boot"],
    ]);
    assertEquals(/\{/.test(commandLine!), false, commandLine);
    const statusFile = join(folder.path, "status");
    await using machine = startMachine(runner, folder.path, {
      ...{
        image,
        snapshot: true,
        firmware: { kind: "bios" },
        network: { kind: "none" },
        statusFile,
      },
    });
    assertEquals(await machine.waitForEnd(END), { kind: "exited", code: 0 }, machine.console());
    const told = Deno.readTextFileSync(statusFile).replaceAll("\r", "").trim().split("\n");
    assertEquals(told, [
      "names blob spare root srv data boot ",
      "root /dev/vda3 ext4 rw",
      "srv /dev/vda4 ext4 rw of the tree",
      "data /dev/vda5 ext4 rw lost+found",
      "kept",
      "data by its UUID",
      "spare by its PARTUUID",
      "blob TOWER",
      "spare 0 of 4194304",
      "/boot/vmlinuz-virt",
      "srv is clean",
    ]);
  },
});
