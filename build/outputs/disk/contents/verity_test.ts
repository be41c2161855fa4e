import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { diskPlan, writeImage } from "../../../../tests/support/format/disk_plan.ts";
import { inlineOnly, smallTree } from "../../../../tests/support/tree/small_tree.ts";
import { inOneBreath } from "../../../../lib/breathe.ts";
import { memorySink, sourceAt } from "../../../../lib/bytes/bytes.ts";
import { messagesOf, TowerError } from "../../../../lib/errors.ts";
import { verify } from "../../../../lib/format/verity/verified_source.ts";
import { silent } from "../../../../lib/report/event.ts";
import { diskOf } from "../../disk.ts";
import { contentsOf, KINDS } from "../contents.ts";

const MIB = 1 << 20;
const TREE = smallTree({
  "etc/hostname": "tower",
  "usr/share/long": "x".repeat(20_000),
  "boot/vmlinuz-virt": "kernel",
  "boot/initramfs-virt": "initramfs",
  "usr/lib/systemd/boot/efi/systemd-bootx64.efi": "loader",
});
const ESP = { name: "esp", type: "esp", content: { kind: "fat", folder: "/boot" }, size: "40MiB" };
const ROOT = { name: "root", type: "root", content: { kind: "squashfs", folder: "/" } };
const HASHES = { name: "hashes", type: "linux", content: { kind: "verity", of: "root" } };

const fields = (...partitions: object[]) => ({
  ...{ boot: undefined, root: undefined, loaders: ["systemd-boot"], partitions },
  cmdline: "roothash={roothash:hashes} hashes={uuid:hashes}",
});

async function written(...partitions: object[]) {
  const memory = memorySink(64 * MIB);
  const zeros: [number, number][] = [];
  const sink = {
    ...memory,
    setSize() {},
    requireZeros: (offset: number, length: number) => void zeros.push([offset, length]),
  };
  const context = { reader: inlineOnly, epoch: 0, reporter: silent, breathe: inOneBreath };
  const plan = diskPlan(fields(...partitions));
  return { plan, memory, zeros, medium: await writeImage(TREE, plan, sink, context) };
}

Deno.test("a command line has the root hash of a hash tree of a partition, wherever they lie", async () => {
  const root = { ...ROOT, size: "4MiB" };
  for (const partitions of [[ESP, HASHES, root], [root, ESP, HASHES]]) {
    const { memory, medium } = await written(...partitions);
    const [, rootHash] = /^root=PARTUUID=[0-9a-f-]{36} rootfstype=squashfs roothash=([0-9a-f]{64}) /
      .exec(medium.commandLine!)!;
    const of = (name: string) => {
      const { offset, size } = medium.partitions.find((partition) => partition.name === name)!;
      return sourceAt(memory, offset, size);
    };
    assertEquals(of("root").size, 4 * MIB);
    // 1024 blocks have 8 blocks of digests, and one above; the superblock is before them.
    assertEquals(of("hashes").size, 10 * 4096);
    verify(of("root"), of("hashes"), rootHash!);
  }
});

Deno.test("a medium has to hold all that a hash tree is of", async () => {
  const data = { ...ROOT, content: { kind: "ext4", folder: "/" }, free: "3MiB" };
  const { medium, zeros } = await written(ESP, data, HASHES);
  const { offset, size } = medium.partitions[1]!;
  assertEquals(zeros.some(([at, length]) => at === offset && length === size), true);
});

Deno.test("a hash tree has the room that it needs, and what is asked for", async () => {
  const root = { ...ROOT, size: "4MiB" };
  const sizeWith = async (room: object) =>
    (await written(ESP, root, { ...HASHES, ...room })).medium.partitions[2]!.size;
  assertEquals(await sizeWith({ free: "1KiB" }), 11 * 4096);
  assertEquals(await sizeWith({ size: "1MiB" }), MIB);
  const error = await assertRejects(() => sizeWith({ size: "36KiB" }), TowerError);
  assertEquals(error.at, ["partitions", 2, "size"]);
  assertEquals(messagesOf(error)[1], "Cannot put a hash tree of 40960 bytes into 36864");
});

Deno.test("a squashfs that does not fit is told at its size, with what would do", async () => {
  const content = { ...ROOT.content, compression: "none" };
  const write = (size: string) => written(ESP, { ...ROOT, content, size }, HASHES);
  const error = await assertRejects(() => write("20KiB"), TowerError);
  assertEquals([error.code, error.at], ["no-space", ["partitions", 1, "size"]]);
  assertMatch(messagesOf(error)[1]!, /^Cannot put a squashfs of [0-9]+ bytes into 20480$/);
  await write(/[0-9]+KiB/.exec(error.hint!)![0]);
});

Deno.test("a hash tree is of another partition, and of none that waits for it", () => {
  const faults = (...partitions: object[]) =>
    diskOf(contentsOf(KINDS)).spec.safeParse({
      ...{ kind: "disk", file: "a.img", table: "gpt", partitions },
    }).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  const of = (name: string, of: string) => ({
    ...{ name, type: "linux", content: { kind: "verity", of } },
  });
  assertEquals(faults(of("a", "b")), [
    'partitions.0.content.of: must not be "b": there is no such partition',
  ]);
  assertEquals(faults(of("a", "a")), [
    'partitions.0.content.of: must not be "a": partition "a" is known only once it is written',
  ]);
  assertEquals(faults(of("a", "b"), of("b", "a")), [
    'partitions.0.content.of: must not be "b": partition "b" is written only once "a" is',
  ]);
});
