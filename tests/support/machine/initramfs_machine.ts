/** Machines that an initramfs starts from a small root, which tells what it sees. */
import { assertNotMatch } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { DEBIAN_TOOLS, debianFolder } from "../build/debian_files.ts";
import { tempFolder } from "../program/file_sink.ts";
import { programsMissing } from "../program/missing_programs.ts";

const runner = denoRunner();
const TOOLS = [...DEBIAN_TOOLS, "qemu-system-x86_64", "mke2fs", "debugfs", "sfdisk"];
/** Why machines that start from an initramfs cannot be had here. */
export const initramfsMissing = (): string | undefined => programsMissing(runner, ...TOOLS);

/** Of the file system that {@linkcode rootImage} makes. */
export const UUID = "01234567-89ab-cdef-0123-456789abcdef";
const START = 1 << 20, ROOT_SIZE = 16 << 20;
export const MODULES = ["virtio_blk", "@virtio", "@ata", "@ext4"];
/** What is there after switch_root, as the marker's lines tell it. */
const INIT = `#!/bin/busybox sh
echo "MARKER pid=$$ arguments=$*"
/bin/busybox sed 's/^/MOUNT /' /proc/mounts
/bin/busybox poweroff -f
`;

/** A small ext4 root that says what it sees and powers off. */
export async function rootImage(folder: string): Promise<string> {
  const root = join(folder, "root");
  for (const path of ["bin", "sbin", "dev", "proc", "sys"]) {
    Deno.mkdirSync(join(root, path), { recursive: true });
  }
  const busybox = join(await debianFolder(runner, "busybox-static"), "bin/busybox");
  Deno.copyFileSync(busybox, join(root, "bin/busybox"));
  Deno.writeTextFileSync(join(root, "sbin/init"), INIT, { mode: 0o755 });
  const image = join(folder, "root.img");
  const argv = [
    "mke2fs",
    "-q",
    "-t",
    "ext4",
    "-L",
    "my root",
    "-U",
    UUID,
    "-d",
    root,
    image,
    "16M",
  ];
  await runner.run({ argv: argv as [string, ...string[]] });
  return image;
}

/** Puts a root image into the first partition of a disk. */
export async function diskImage(folder: string, root: string, table: string): Promise<string> {
  const disk = join(folder, "disk.img");
  Deno.writeFileSync(disk, new Uint8Array(START + ROOT_SIZE + (2 << 20)));
  await runner.run({ argv: ["sfdisk", "-q", disk], stdin: new TextEncoder().encode(table) });
  using file = Deno.openSync(disk, { write: true });
  file.seekSync(START, Deno.SeekMode.Start);
  const bytes = Deno.readFileSync(root);
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  return disk;
}

export interface Boot {
  readonly kernel: string;
  readonly initramfs: Uint8Array;
  readonly disk?: string;
  readonly cmdline: string;
}

/** The command of a machine whose first disk is a device of QEMU's. */
export function machine(folder: string, boot: Boot, device: string): [string, ...string[]] {
  const file = join(folder, "initramfs");
  Deno.writeFileSync(file, boot.initramfs);
  return [
    ...["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-accel", "tcg", "-m", "256M"],
    ...["-display", "none", "-vga", "none", "-no-reboot", "-serial", "stdio", "-nic", "none"],
    ...["-monitor", `unix:${join(folder, "monitor")},server=on,wait=off`],
    ...["-kernel", boot.kernel, "-initrd", file, "-append", `console=ttyS0 ${boot.cmdline}`],
    ...(boot.disk === undefined ? [] : [
      ...["-drive", `file=${boot.disk},if=none,id=disk,format=raw,snapshot=on`],
      ...["-device", `${device},drive=disk`],
    ]),
  ] as [string, ...string[]];
}

/** Starts a machine and returns its console once it has ended by itself. */
export async function boot(wanted: Boot): Promise<string> {
  using folder = tempFolder();
  const argv = machine(folder.path, wanted, "virtio-blk-pci");
  const { stdout } = await runner.run({ argv }, { signal: AbortSignal.timeout(120_000) });
  return new TextDecoder().decode(stdout).replaceAll("\r", "");
}

/** Does something to a machine's hardware, in the words of QEMU's monitor. */
export async function plug(folder: string, ...commands: string[]): Promise<void> {
  using monitor = await Deno.connect({ transport: "unix", path: join(folder, "monitor") });
  const buffer = new Uint8Array(4096);
  let said = "";
  for (const command of ["", ...commands]) {
    await monitor.write(new TextEncoder().encode(`${command}\n`));
  }
  // One prompt before each command, and one after the last.
  while (said.split("(qemu)").length < commands.length + 3) {
    const length = await monitor.read(buffer);
    if (length === null) break;
    said += new TextDecoder().decode(buffer.subarray(0, length));
  }
  assertNotMatch(said, /Error/);
}
