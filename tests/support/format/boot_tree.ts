import { join } from "@std/path";
import type { Runner } from "../../../lib/proc/command.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { debianDependency, debianFolder } from "../build/debian_files.ts";

/** What the machine prints once its own init runs. */
export const MARKER = "TOWER-BOOT-MARKER";

/** Programs that {@linkcode bootTree} needs beside those of Debian files. */
export const BOOT_TREE_TOOLS = ["cpio"] as const;

const EPOCH = 1_700_000_000;
const META = { uid: 0, gid: 0, mtime: EPOCH, origin: "stage:test" } as const;

const INIT = `#!/bin/busybox sh
/bin/busybox mkdir /proc
/bin/busybox mount -t proc proc /proc
/bin/busybox cat /proc/cmdline
echo ${MARKER}
/bin/busybox poweroff -f
`;

/** Where the tree has each Debian file, under Alpine's names. */
const LOADER_FILES = [
  ["syslinux", "usr/bin/syslinux", "usr/bin/syslinux"],
  ["syslinux", "usr/lib/SYSLINUX/mbr.bin", "usr/share/syslinux/mbr.bin"],
  ["syslinux", "usr/lib/SYSLINUX/gptmbr.bin", "usr/share/syslinux/gptmbr.bin"],
  [
    "syslinux-common",
    "usr/lib/syslinux/modules/bios/ldlinux.c32",
    "usr/share/syslinux/ldlinux.c32",
  ],
  [
    "systemd-boot-efi",
    "usr/lib/systemd/boot/efi/systemd-bootx64.efi",
    "usr/lib/systemd/boot/efi/systemd-bootx64.efi",
  ],
] as const;

/**
 * A tree that boots to a marker and powers off: Debian's cloud kernel, an initramfs of busybox
 * and five lines, and Debian's boot loaders at Alpine's places.
 */
export async function bootTree(runner: Runner): Promise<FileTree> {
  const tree = new FileTree({ ...META, mode: 0o755 });
  const put = (path: string, bytes: Uint8Array, mode = 0o644) => {
    tree.putParents(path, META.origin, EPOCH);
    tree.put({ ...META, type: "file", path, mode, content: { kind: "inline", bytes } });
  };
  for (const [name, from, to] of LOADER_FILES) {
    put(to, Deno.readFileSync(join(await debianFolder(runner, name), from)));
  }
  const kernel = await debianDependency(runner, "linux-image-cloud-amd64", /^linux-image-\d/);
  const version = kernel.slice("linux-image-".length);
  const folder = await debianFolder(runner, kernel);
  put("boot/vmlinuz-virt", Deno.readFileSync(join(folder, "boot", `vmlinuz-${version}`)));
  put("boot/initramfs-virt", await initramfs(runner));
  put("etc/hostname", new TextEncoder().encode("tower\n"));
  tree.put({ ...META, type: "symlink", path: "etc/name", target: "hostname", mode: 0o777 });
  return tree;
}

async function initramfs(runner: Runner): Promise<Uint8Array> {
  const busybox = join(await debianFolder(runner, "busybox-static"), "bin", "busybox");
  const folder = Deno.makeTempDirSync({ prefix: "tower-test-" });
  try {
    Deno.mkdirSync(join(folder, "bin"));
    Deno.copyFileSync(busybox, join(folder, "bin", "busybox"));
    Deno.writeTextFileSync(join(folder, "init"), INIT, { mode: 0o755 });
    const stdin = new TextEncoder().encode("bin\nbin/busybox\ninit\n");
    const argv = ["cpio", "-o", "-H", "newc", "--quiet"] as const;
    return (await runner.run({ argv, cwd: folder, stdin })).stdout;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
