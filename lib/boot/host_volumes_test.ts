import { assertEquals, assertThrows } from "@std/assert";
import { memorySink, memorySource } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { encodeMbr, MBR_TYPE, protectiveMbr } from "../format/mbr.ts";
import type { RecordedPartition } from "../release/recorded_partition.ts";
import { type Disk, hostVolumes } from "./host_volumes.ts";

const SECTOR = 512;
const SIZE = 64 * SECTOR;
const TYPE = "0x0c";

/** A disk that begins with a table, and has in each sector its number. */
function diskWith(table: Uint8Array): Disk {
  const { bytes, writeAt } = memorySink(SIZE);
  for (let i = 0; i < SIZE / SECTOR; i++) bytes.fill(i, i * SECTOR, (i + 1) * SECTOR);
  writeAt(0, table);
  return { ...memorySource(bytes), writeAt };
}
const mbrOf = (...partitions: readonly [type: number, firstSector: number, sectors: number][]) =>
  encodeMbr({
    ...{ bootCode: new Uint8Array(), signature: 1 },
    partitions: partitions.map(([type, firstSector, sectors]) => ({
      ...{ active: false, type, firstSector, sectors },
    })),
  });
const recorded = (
  first: number,
  content: string,
  folder?: string,
  more: Partial<RecordedPartition> = {},
): RecordedPartition => ({
  ...{ name: `at-${first}`, type: TYPE, offset: first * SECTOR, size: 4 * SECTOR, content },
  ...(folder === undefined ? {} : { folder }),
  ...more,
});

/** The sectors at which the volumes of a disk begin. */
function places(disk: Disk, partitions?: readonly RecordedPartition[]) {
  const first = (volume: Disk | undefined) => {
    const byte = new Uint8Array(1);
    return volume && (volume.readAt(0, byte), byte[0]);
  };
  const { boot, root } = hostVolumes(disk, partitions);
  return [first(boot), first(root)];
}
const refused = (disk: Disk, partitions?: readonly RecordedPartition[]) => {
  const { code, message, hint } = assertThrows(() => hostVolumes(disk, partitions), TowerError);
  return [code, message, hint];
};
const GPT = diskWith(protectiveMbr(SIZE / SECTOR, new Uint8Array()));
const MBR = diskWith(mbrOf([MBR_TYPE.fat32, 2, 8], [MBR_TYPE.linux, 10, 8]));

Deno.test("without a record an MBR's first two partitions are a host's", () => {
  assertEquals(places(MBR), [2, 10]);
  const others = diskWith(mbrOf([MBR_TYPE.efiSystem, 2, 8], [MBR_TYPE.fat32, 10, 8]));
  assertEquals(places(others), [2, undefined]);
  const cut = diskWith(mbrOf([MBR_TYPE.fat16, 2, 8], [MBR_TYPE.linux, 10, 99]));
  assertEquals(places(cut), [2, undefined]);
});

Deno.test("a record says which partitions are a host's, whatever the table has", () => {
  const partitions = [
    recorded(4, "raw"),
    recorded(8, "fat", "/srv"),
    recorded(12, "fat", "/boot", { tree: "other" }),
    recorded(16, "ext4", "/"),
    recorded(20, "fat", "/boot"),
    recorded(24, "ext4", "/", { tree: "data" }),
  ];
  for (const disk of [MBR, GPT]) assertEquals(places(disk, partitions), [20, 16]);
  assertEquals(places(GPT, [recorded(20, "fat", "/boot"), recorded(24, "squashfs", "/")]), [
    20,
    undefined,
  ]);
});

Deno.test("a disk without a boot partition is refused with what it lacks", () => {
  assertEquals(refused(GPT), [
    "unsupported",
    "Cannot find a boot partition: the disk has a GPT, and no record of its image is beside it",
    "tower-build writes record.json beside an image; --image names the image",
  ]);
  assertEquals(refused(diskWith(mbrOf([MBR_TYPE.linux, 2, 8])))[0], "unsupported");
  assertEquals(refused(MBR, [recorded(4, "ext4", "/boot"), recorded(8, "ext4", "/")]), [
    "unsupported",
    "Cannot find a boot partition: the image's record has no FAT partition that holds /boot",
    undefined,
  ]);
  const far = [recorded(62, "fat", "/boot")];
  assertEquals(refused(MBR, far)[0], "malformed");
  assertEquals(refused(diskWith(mbrOf([MBR_TYPE.fat32, 2, 99])))[0], "malformed");
});
