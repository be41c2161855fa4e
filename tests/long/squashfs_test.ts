/** The kernel as judge of squashfs: one start, in which it reads several images. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { BlockPacking } from "../../lib/format/block_encoder.ts";
import { type ByteSource, compareBytes } from "../../lib/bytes/bytes.ts";
import { digestOf, hexOf } from "../../lib/bytes/digest.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { bytesOf } from "../../lib/tree/content.ts";
import type { Content } from "../../lib/tree/entry.ts";
import { type FileTree, nameOf } from "../../lib/tree/file_tree.ts";
import { DEBIAN_TOOLS, debianFolder } from "../support/build/debian_files.ts";
import { blobName, emptyTree, EPOCH, sources } from "../support/format/ext4_image.ts";
import { initramfsImage } from "../support/format/initramfs_image.ts";
import { makeSquashfs, randomSquashfsTree } from "../support/format/squashfs_image.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";
import { PATIENCE } from "../support/machine/test_machine.ts";

const runner = denoRunner();
const missing = programsMissing(runner, ...DEBIAN_TOOLS, "qemu-system-x86_64");

const MODULES = ["virtio_blk", "@virtio", "squashfs"];
const META = { uid: 0, gid: 0, mtime: EPOCH, origin: "stage:test" } as const;
const NO_BLOBS = sources({});
const MANY = 100_000;
const LARGE = 5 * 2 ** 30;
const LARGE_BLOB = blobName("1");
/** Into a large file, where nothing but its last bytes are. */
const LAST = "the last bytes";

/**
 * Tells of each image its entries and contents, by digest. Names are looked up in a directory of
 * many, which goes by its index.
 */
const INIT = `#!/bin/busybox sh
b=/bin/busybox
$b mount -t tmpfs tmp /tmp
for disk in vdb vdc; do
  $b mkdir /tmp/$disk
  $b mount -t squashfs -o ro /dev/$disk /tmp/$disk || echo "FAILED $disk"
done
$b sed -n 's/^/MOUNT /; /squashfs/p' /proc/mounts
for root in /data /tmp/vdb /tmp/vdc; do
  cd $root
  $b find . -exec $b stat -c '%n|%F|%a|%u|%g|%Y|%h|%t:%T' {} + |
    $b sed 's/regular empty file/regular file/' | LC_ALL=C $b sort > /tmp/stat
  echo "STAT $root $($b sha256sum < /tmp/stat)"
  $b find . -type f -print0 | LC_ALL=C $b sort -z | $b xargs -0 $b sha256sum > /tmp/sums
  echo "SUMS $root $($b sha256sum < /tmp/sums)"
  $b find . -type l -print0 | LC_ALL=C $b sort -z | $b xargs -0 -n 1 $b readlink > /tmp/links
  echo "LINKS $root $($b sha256sum < /tmp/links)"
done
cd /many
echo "COUNT $($b ls | $b wc -l) $($b ls -1 | $b sha256sum)"
for i in 0 1 9 10 777 49999 54321 99998 99999; do echo "LOOK $i $($b cat "file-$i")"; done
echo "LARGE $($b stat -c %s /large) $($b tail -c ${LAST.length} /large)"
$b dmesg | $b grep "SQUASHFS error" | $b sed 's/^/KERNEL /'
echo THE END
$b poweroff -f
`;

function put(tree: FileTree, path: string, bytes: Uint8Array, mode = 0o644): void {
  tree.put({ ...META, type: "file", path, mode, content: { kind: "inline", bytes } });
}

/** The root of the machine: what it runs, a random tree, a directory of many and a large file. */
async function rootTree(data: FileTree): Promise<FileTree> {
  const tree = emptyTree();
  const folders = ["bin", "sbin", "dev", "proc", "sys", "tmp", "run", "data", "many"];
  for (const path of folders) tree.put({ ...META, type: "directory", path, mode: 0o755 });
  const busybox = join(await debianFolder(runner, "busybox-static"), "bin/busybox");
  put(tree, "bin/busybox", Deno.readFileSync(busybox), 0o755);
  put(tree, "sbin/init", new TextEncoder().encode(INIT), 0o755);
  for (const entry of data.walk()) {
    const path = entry.path === "" ? "data" : `data/${entry.path}`;
    const target = entry.type === "hardlink" ? { target: `data/${entry.target}` } : {};
    tree.put({ ...entry, path, ...target } as typeof entry);
  }
  for (let i = 0; i < MANY; i++) {
    put(tree, `many/file-${i}`, new TextEncoder().encode(`${i * 7}`));
  }
  const content: Content = {
    ...{ kind: "span", blob: LARGE_BLOB, offset: 0, size: LARGE, sha256: undefined },
  };
  tree.put({ ...META, type: "file", path: "large", mode: 0o644, content });
  return tree;
}

/** Zeros, and the last bytes. */
const large: ByteSource = {
  size: LARGE,
  readAt(offset, into) {
    const length = Math.min(into.length, LARGE - offset);
    into.fill(0, 0, length);
    const last = new TextEncoder().encode(LAST);
    if (offset + length === LARGE) into.set(last, length - last.length);
    return length;
  },
};

const TYPES = {
  ...{ file: "regular file", hardlink: "regular file", directory: "directory" },
  ...{ symlink: "symbolic link", fifo: "fifo" },
  ...{ char: "character special file", block: "block special file" },
} as const;

/** What the machine should say of a tree below a folder. */
function expected(folder: string, tree: FileTree): string[] {
  const entries = [...tree.walk()].map((named) => {
    const entry = named.type === "hardlink" ? tree.get(named.target)! : named;
    return { name: named.path === "" ? "." : `./${named.path}`, entry };
  }).sort((a, b) => compareBytes(a.name, b.name));
  const names = Map.groupBy(entries, ({ entry }) => entry.path);
  const stats = entries.map(({ name, entry }) => {
    const { type, path, mode, uid, gid, mtime } = entry;
    const links = type === "directory"
      ? 2 + tree.children(path).filter((child) => child.type === "directory").length
      : names.get(path)!.length;
    const device = "major" in entry
      ? `${entry.major.toString(16)}:${entry.minor.toString(16)}`
      : "0:0";
    return [name, TYPES[type], mode.toString(8), uid, gid, mtime, links, device].join("|");
  }).sort(compareBytes);
  const sums = entries.flatMap(({ name, entry }) =>
    entry.type === "file" ? [`${hexOf(digestOf(bytesOf(NO_BLOBS, entry.content)))}  ${name}`] : []
  );
  const links = entries.flatMap(({ entry }) => entry.type === "symlink" ? [entry.target] : []);
  const digest = (lines: readonly string[]) =>
    hexOf(digestOf(lines.map((line) => `${line}\n`).join("")));
  return [
    `STAT ${folder} ${digest(stats)}  -`,
    `SUMS ${folder} ${digest(sums)}  -`,
    `LINKS ${folder} ${digest(links)}  -`,
  ];
}

Deno.test({
  ...named("the kernel reads every file and field of squashfs, by zstd, gzip and none", missing),
  async fn() {
    using folder = tempFolder();
    const { bytes: initramfs, kernel } = await initramfsImage(runner, { modules: MODULES });
    const at = (name: string) => join(folder.path, name);
    Deno.writeFileSync(at("initramfs"), initramfs);
    const trees = [41, 42, 43].map((seed) => randomSquashfsTree(seed, 400));
    const root = await rootTree(trees[0]!);
    const images: readonly [string, FileTree, BlockPacking, number][] = [
      ["vda", root, { compression: "zstd", level: 9 }, 128 << 10],
      ["vdb", trees[1]!, { compression: "gzip", level: 6 }, 4096],
      ["vdc", trees[2]!, { compression: "none" }, 1 << 20],
    ];
    for (const [name, tree, packing, blockSize] of images) {
      await makeSquashfs(at(name), tree, { packing, blockSize }, sources({ [LARGE_BLOB]: large }));
    }
    const argv = [
      ...["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-accel", "tcg", "-m", "512M"],
      ...["-display", "none", "-vga", "none", "-no-reboot", "-serial", "stdio", "-nic", "none"],
      ...["-kernel", kernel, "-initrd", at("initramfs"), "-append"],
      "console=ttyS0 root=/dev/vda rootfstype=squashfs quiet panic=1",
      ...images.flatMap(([name]) => [
        ...["-drive", `file=${at(name)},if=none,id=${name},format=raw,readonly=on`],
        ...["-device", `virtio-blk-pci,drive=${name}`],
      ]),
    ] as [string, ...string[]];
    const signal = AbortSignal.timeout(200_000 * PATIENCE);
    const { stdout } = await runner.run({ argv }, { signal });
    const log = new TextDecoder().decode(stdout).replaceAll("\r", "");
    assertStringIncludes(log, "THE END", log);
    const told = (...words: string[]) =>
      log.split("\n").filter((line) => words.some((word) => line.startsWith(`${word} `)));
    assertEquals(told("FAILED", "KERNEL"), [], log);
    assertEquals(told("MOUNT").map((line) => line.split(" ")[1]), [
      "/dev/vda",
      "/dev/vdb",
      "/dev/vdc",
    ]);
    assertEquals(told("STAT", "SUMS", "LINKS"), [
      ...expected("/data", trees[0]!),
      ...expected("/tmp/vdb", trees[1]!),
      ...expected("/tmp/vdc", trees[2]!),
    ]);
    const names = root.children("many").map(({ path }) => nameOf(path));
    const listing = hexOf(digestOf(names.map((name) => `${name}\n`).join("")));
    assertEquals(told("COUNT"), [`COUNT ${MANY} ${listing}  -`]);
    const wanted = [0, 1, 9, 10, 777, 49999, 54321, 99998, 99999];
    assertEquals(told("LOOK"), wanted.map((i) => `LOOK ${i} ${i * 7}`));
    assertEquals(told("LARGE"), [`LARGE ${LARGE} ${LAST}`]);
  },
});
