import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { inOneBreath } from "../../../lib/breathe.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { silent } from "../../../lib/report/event.ts";
import { flipBit } from "../../support/format/flip_bit.ts";
import { diskPlan, writeImage } from "../../support/format/disk_plan.ts";
import { partitionFile } from "../../support/format/partition_file.ts";
import { fileSink, tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { inlineOnly, smallTree } from "../../support/tree/small_tree.ts";

const runner = denoRunner();
const missing = programsMissing(runner, "veritysetup", "unsquashfs", "sfdisk", "mtype");
const run = async (...argv: [string, ...string[]]) =>
  new TextDecoder().decode((await runner.run({ argv })).stdout);

const TREE = smallTree({
  "etc/hostname": "tower",
  "srv/data/file": "data",
  "usr/share/long": "long ".repeat(100_000),
  "boot/vmlinuz-virt": "kernel",
  "boot/initramfs-virt": "initramfs",
  "usr/lib/systemd/boot/efi/systemd-bootx64.efi": "loader",
});
const of = (partition: string) => ({ kind: "verity", of: partition });
const PARTITIONS = [
  { name: "esp", type: "esp", content: { kind: "fat", folder: "/boot" }, free: "1MiB" },
  { name: "hashes", type: "linux", content: of("root"), size: "128KiB" },
  { name: "root", type: "root", content: { kind: "squashfs", folder: "/" }, size: "12MiB" },
  { name: "data", type: "linux", content: { kind: "ext4", folder: "/srv/data" }, free: "3MiB" },
  { name: "data-hashes", type: "linux", content: of("data"), align: "4KiB" },
];

Deno.test({
  ...named("veritysetup verifies partitions by the hashes of the command line", missing),
  async fn() {
    using folder = tempFolder();
    const image = join(folder.path, "disk.img");
    const cmdline = "roothash={roothash:hashes} data={roothash:data-hashes}";
    const short = { boot: undefined, root: undefined };
    const plan = diskPlan({
      ...{ ...short, loaders: ["systemd-boot"], partitions: PARTITIONS, cmdline },
    });
    using sink = fileSink(image);
    const context = { reader: inlineOnly, epoch: 0, reporter: silent, breathe: inOneBreath };
    const { commandLine } = await writeImage(TREE, plan, sink, context);

    const [esp, hashes, root, data, dataHashes] = await Promise.all(
      PARTITIONS.map((_, i) => partitionFile(runner, image, i + 1)),
    ) as [string, string, string, string, string];
    const entry = await run("mtype", "-i", esp, "::loader/entries/system.conf");
    const [, options] = /^options (.*)$/m.exec(entry)!;
    assertEquals(options, commandLine);
    const [rootHash, dataHash] = [/roothash=(\w{64})/, /data=(\w{64})/].map((pattern) =>
      pattern.exec(options!)![1]!
    ) as [string, string];
    await run("veritysetup", "verify", root, hashes, rootHash);
    await run("veritysetup", "verify", data, dataHashes, dataHash);
    assertEquals(await run("unsquashfs", "-cat", root, "usr/share/long"), "long ".repeat(100_000));
    assertEquals(await run("unsquashfs", "-cat", root, "etc/hostname"), "tower");

    // What lies behind the file system counts as well.
    flipBit(root, (12 << 20) - 1);
    await assertRejects(() => run("veritysetup", "verify", root, hashes, rootHash));
    flipBit(dataHashes, 4096);
    await assertRejects(() => run("veritysetup", "verify", data, dataHashes, dataHash));
  },
});
