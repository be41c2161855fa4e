import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { decodePartitions, encodeMbr, MBR_TYPE, type MbrPartition, protectiveMbr } from "./mbr.ts";

const NONE = new Uint8Array();
const partition = (changes: Partial<MbrPartition>): MbrPartition => ({
  type: MBR_TYPE.linux,
  active: false,
  firstSector: 2048,
  sectors: 2048,
  ...changes,
});
const record = (...partitions: MbrPartition[]) =>
  encodeMbr({ bootCode: NONE, signature: 0x12345678, partitions });

Deno.test("cylinder, head and sector follow 255 heads and 63 sectors up to 1023 cylinders", () => {
  const entry = record(partition({ active: true, firstSector: 63 * 255, sectors: 62 })).subarray(
    446,
  );
  assertEquals([...entry.subarray(0, 8)], [0x80, 0, 1, 1, 0x83, 0, 62, 1]);
  const large = record(partition({ sectors: 2 ** 31 })).subarray(446);
  assertEquals([...large.subarray(1, 4)], [32, 33, 0]);
  assertEquals([...large.subarray(5, 8)], [0xfe, 0xff, 0xff]);
});

Deno.test("signature, numbers and end mark stand at their places", () => {
  const bytes = record(partition({}), partition({ firstSector: 4096, sectors: 10 }));
  const view = new DataView(bytes.buffer);
  assertEquals(view.getUint32(440, true), 0x12345678);
  assertEquals(view.getUint32(462 + 8, true), 4096);
  assertEquals(view.getUint32(462 + 12, true), 10);
  assertEquals(view.getUint16(510, true), 0xaa55);
});

Deno.test("what a record cannot hold is refused", () => {
  const far = assertThrows(
    () => record(partition({ firstSector: 2 ** 32 - 10, sectors: 20 })),
    TowerError,
    "past 2 TiB",
  );
  assertEquals(far.code, "unsupported");
  const options = { signature: 0, partitions: [] };
  assertThrows(() => encodeMbr({ ...options, bootCode: new Uint8Array(441) }), TowerError, "441");
  assertThrows(() => record(...Array(5).fill(partition({}))), RangeError);
  assertThrows(() => record(partition({ active: true }), partition({ active: true })), RangeError);
});

Deno.test("the record of a GPT covers the disk, or as much as it can say", () => {
  const sectors = (disk: number) =>
    new DataView(protectiveMbr(disk, NONE).buffer).getUint32(458, true);
  assertEquals(sectors(1000), 999);
  assertEquals(sectors(2 ** 33), 0xffffffff);
});

Deno.test("what is written is read back, and a sector that is no record is refused", () => {
  const partitions = [
    partition({ active: true, type: MBR_TYPE.fat32 }),
    partition({ firstSector: 4096, sectors: 2 ** 31 }),
  ];
  assertEquals(decodePartitions(record(...partitions)), partitions);
  assertThrows(() => decodePartitions(new Uint8Array(512)), TowerError, "no boot record");
});
