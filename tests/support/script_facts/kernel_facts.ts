import { fact, type ScriptFact, sh } from "./script_fact.ts";

/** Triggers of kernels and of what starts them. */

const syslinux = {
  package: "syslinux",
  script: "trigger",
  did: "replaced",
} as const;

export const KERNEL_FACTS: readonly ScriptFact[] = [
  fact({
    package: "kernel-hooks",
    script: "trigger",
    texts: ["70f34ae6496d88d405279e89929b6cdc9f0edebc0b248fd71ebccb3b8da175f0"],
    does: "Calls what the administrator put into a folder, with the kernels that came and went.",
    did: "native",
    says: "nothing to do",
    args: ["/lib/modules/6.6.1-0-lts"],
    given: { "lib/modules/6.6.1-0-lts": null },
    own: [
      sh("hooks=/etc/kernel-hooks.d", 'if ! [ -d "$hooks" ]; then exit; fi', '"$hooks"/all "$@"'),
      sh("for hook in /etc/kernel-hooks.d/*; do", '  [ -x "$hook" ] && "$hook" "$@"', "done", ":"),
    ],
  }),
  fact({
    package: "kmod",
    script: "trigger",
    texts: [
      "ffa9c255f44ed83911be3b76e2dc0c2e11b9f044ed31b715bf53c2b6c8d15d3b",
      "0c797afe12c413133677f187f255d4c641f524594b82fc7984375b8dca1650d2",
    ],
    does: "Indexes the modules of each kernel, and removes the indexes of one that went.",
    did: "depmod",
    says: `module indexes of /lib/modules/6.6-lts are left to the kernel stage`,
    args: ["/lib/modules/6.6-lts"],
    given: { "lib/modules/6.6-lts/modules.order": "" },
    own: [
      sh(
        "for kernel do",
        '  release=$(basename "$kernel")',
        '  if test -f "$kernel/modules.order"; then',
        '    depmod "$release"',
        '  elif test -d "$kernel"; then',
        '    for index in dep alias symbols; do rm -f "$kernel/modules.$index"; done',
        '    rmdir "$kernel" || :',
        "  fi",
        "done",
      ),
      sh('while [ "$1" ]; do', '  depmod -a "${1##*/}"', "  shift", "done 2>/dev/null"),
    ],
  }),
  fact({
    package: "mkinitfs",
    script: "trigger",
    texts: [
      "3529c7a137a706eddd458b1b4860728b740089a9bb8d3c76b607146de7423019",
      "27ab0a1f4fea7d9d5c827fbe534c5500e6636104e362688e55b68b960571a22a",
    ],
    does: "Makes the initramfs of each kernel, and removes that of one that went.",
    did: "replaced",
    args: ["/usr/share/kernel/lts"],
    given: {
      "usr/share/kernel/lts/kernel.release": "6.6.1-0-lts\n",
      "boot/vmlinuz-lts": "",
      "etc/mkinitfs/mkinitfs.conf": 'features="base ext4"\n',
    },
    own: [
      sh(
        ". /etc/mkinitfs/mkinitfs.conf",
        'if [ "${disable_trigger:-no}" != no ]; then exit 0; fi',
        "for kernel; do",
        '  name=$(basename "$kernel")',
        '  if release=$(cat "$kernel/kernel.release"); then',
        '    mkinitfs -o "/boot/initramfs-$name" "$release" || exit 1',
        "  else",
        '    rm -f "/boot/vmlinuz-$name" "/boot/initramfs-$name"',
        "  fi",
        "done",
      ),
      sh("set -e", "[ -e /boot/boot ] || ln -s . /boot/boot", "mkinitfs", "sync"),
    ],
  }),
  fact({
    package: "raspberrypi-bootloader-common",
    script: "trigger",
    texts: ["b55dadd6ae501436d39b000c23637a9285df53f94cf66d9e14602ffad982fc8c"],
    does: "Writes config.txt and cmdline.txt for the kernels that there are.",
    did: "replaced",
    own: [
      sh('update-raspberrypi-bootloader "$@" || exit 1'),
      sh("set -e", "/sbin/update-raspberrypi-bootloader"),
    ],
  }),
  fact({
    ...syslinux,
    texts: [
      "554b185b8d946100ebb005c5394454613e4f174f75cb9115888b88e2d9bd8b4d",
      "8fe63c429ee3950af8f8f73753993b860d0f9b41b92adcd922e71cae53420300",
    ],
    does: "Writes the loader's configuration anew, unless it is told not to.",
    given: { "etc/update-extlinux.conf": "overwrite=1\n" },
    own: [
      sh(
        "conf=/etc/update-extlinux.conf",
        'if ! grep -qs ^disable_trigger=1 "$conf"; then update-extlinux --warn-only; fi',
      ),
      sh(". /etc/update-extlinux.conf", '[ "$overwrite" != 1 ] || exec update-extlinux'),
    ],
  }),
];
