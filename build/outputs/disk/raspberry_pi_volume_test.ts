import { inOneBreath } from "../../../lib/breathe.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { diskPlan, writeImage } from "../../../tests/support/format/disk_plan.ts";
import { inlineOnly, smallTree } from "../../../tests/support/tree/small_tree.ts";
import { messagesOf, TowerError } from "../../../lib/errors.ts";
import { byteSize } from "../../../lib/schema/scalars.ts";
import { silent } from "../../../lib/report/event.ts";
import type { DiskPlan } from "./plan.ts";

const MIB = 1 << 20;
const plan = (boot: object): DiskPlan =>
  diskPlan({
    ...{ table: "mbr", loaders: ["raspberrypi"], flavour: "rpi", boot, root: { free: "1MiB" } },
    initramfs: "/boot/initramfs-rpi",
  }, "aarch64");

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
async function volume(bytes: number, boot: object): Promise<[number, number]> {
  let found: [number, number] | undefined;
  const writeAt = (offset: number, bytes: Uint8Array) => {
    if (offset !== MIB || found) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    found = [view.getUint32(32, true) * 512 / MIB, view.getUint8(13) * 512];
  };
  const sink = { writeAt, readAt: () => 0, setSize() {} };
  const context = { reader: inlineOnly, epoch: 0, reporter: silent, breathe: inOneBreath };
  await writeImage(tree(bytes), plan(boot), sink, context);
  return found!;
}

Deno.test("a Raspberry Pi's boot volume keeps room, and has the clusters of one", async () => {
  assertEquals(await volume(1, { size: "256MiB" }), [256, 2048]);
  // Not one MiB beside the content, but eight.
  const [size] = await volume(40 * MIB, { free: "1MiB" });
  assertEquals(size, (await volume(40 * MIB, { free: "8MiB" }))[0]);
  assertEquals(size >= 48, true, `${size} MiB`);
  const error = await assertRejects(() => volume(40 * MIB, { size: "44MiB" }), TowerError);
  assertEquals(error.code, "no-space");
  assertStringIncludes(messagesOf(error).join("\n"), "as 8388608 have to stay free");
  // What the hint says can be written as it stands.
  const enough = /^(\S+) are enough$/.exec(error.hint!)![1]!;
  assertEquals((await volume(40 * MIB, { size: enough }))[0], byteSize.parse(enough) / MIB);
});
