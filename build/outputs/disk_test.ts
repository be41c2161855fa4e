import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { inlineOnly, smallTree } from "../../tests/support/tree/small_tree.ts";
import { messagesOf, TowerError } from "../../lib/errors.ts";
import { uuidFrom } from "../../lib/format/uuid.ts";
import { byteSize } from "../../lib/schema/scalars.ts";
import { silent } from "../../lib/report/event.ts";
import { writeDisk } from "./disk.ts";
import type { DiskPlan } from "./disk_plan.ts";

const MIB = 1 << 20;
const plan = (boot: { free: number } | { size: number }): DiskPlan => ({
  kind: "disk",
  file: "card.img",
  compression: "none",
  arch: "aarch64",
  table: "mbr",
  diskId: uuidFrom("disk"),
  boot: { label: "BOOT", partitionId: uuidFrom("boot"), volumeId: 1, ...boot },
  root: {
    label: "root",
    partitionId: uuidFrom("root"),
    uuid: uuidFrom("uuid"),
    hashSeed: uuidFrom("hash"),
    free: MIB,
  },
  loaders: ["raspberrypi"],
  kernel: "boot/vmlinuz-rpi",
  initramfs: "boot/initramfs-rpi",
  cmdline: "quiet",
  title: "tower",
});

/** A card's tree with so many bytes of kernel. */
const tree = (bytes: number) =>
  smallTree({
    ...Object.fromEntries(
      ["bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat", "bcm2711-rpi-4-b.dtb"]
        .map((name) => [`boot/${name}`, name]),
    ),
    "boot/vmlinuz-rpi": new Uint8Array(bytes),
    "boot/initramfs-rpi": "i",
  });

/** The boot volume's size in MiB and its clusters' in bytes. */
function volume(bytes: number, boot: { free: number } | { size: number }): [number, number] {
  let found: [number, number] | undefined;
  const writeAt = (offset: number, bytes: Uint8Array) => {
    if (offset !== MIB || found) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    found = [view.getUint32(32, true) * 512 / MIB, view.getUint8(13) * 512];
  };
  const sink = { writeAt, setSize() {} };
  writeDisk(tree(bytes), plan(boot), sink, { reader: inlineOnly, epoch: 0, reporter: silent });
  return found!;
}

Deno.test("a Raspberry Pi's boot volume keeps room, and has the clusters of one", () => {
  assertEquals(volume(1, { size: 256 * MIB }), [256, 2048]);
  // Not one MiB beside the content, but eight.
  const [size] = volume(40 * MIB, { free: MIB });
  assertEquals(size, volume(40 * MIB, { free: 8 * MIB })[0]);
  assertEquals(size >= 48, true, `${size} MiB`);
  const error = assertThrows(() => volume(40 * MIB, { size: 44 * MIB }), TowerError);
  assertEquals(error.code, "no-space");
  assertStringIncludes(messagesOf(error).join("\n"), "as 8388608 have to stay free");
  // What the hint says can be written as it stands.
  const enough = byteSize.parse(/^(\S+) are enough$/.exec(error.hint!)![1]);
  assertEquals(volume(40 * MIB, { size: enough })[0], enough / MIB);
});
