import { NEEDED_APPLETS } from "../../../build/stages/initramfs/busybox.ts";
import { moduleFile } from "../format/elf_file.ts";
import { peFile } from "../format/pe_file.ts";

const MODULES = "lib/modules/6.6-0-virt";
/** What an overlay brings, as packages would: enough to make an initramfs and a disk of. */
export const APPLIED_OVERLAY: Readonly<Record<string, string | Uint8Array>> = {
  "bin/busybox": `\0${NEEDED_APPLETS.join("\0")}\0blkid\0`,
  "boot/vmlinuz-virt": peFile(),
  "etc/group": "root:x:0:\nwheel:x:10:\n",
  "etc/init.d/sshd": "#!/sbin/openrc-run\n",
  "etc/os-release": "ID=demo\nPRETTY_NAME=Demo\n",
  "etc/other-release": "ID=other\nPRETTY_NAME=Other\n",
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
  "etc/shadow": "root:*::0:::::\n",
  [`${MODULES}/kernel/a.ko`]: moduleFile({ exports: ["a"] }),
  [`${MODULES}/kernel/b.ko`]: moduleFile({}),
  [`${MODULES}/modules.dep`]: "kernel/a.ko:\nkernel/b.ko:\n",
  "srv/blocks": "x".repeat(2 * 4096),
  "srv/old": "",
  "srv/others": "y".repeat(4096),
  "usr/bin/ssh-keygen": "#!/bin/sh\n",
  "usr/bin/tool": "#!/bin/sh\n",
  "usr/lib/systemd/boot/efi/linuxx64.efi.stub": peFile(),
  "usr/lib/systemd/boot/efi/other.efi.stub": peFile({
    trailer: new Uint8Array(1),
    headerSize: 2048,
  }),
  "usr/lib/systemd/boot/efi/systemd-bootx64.efi": peFile(),
};
