import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { protectiveMbr } from "../format/mbr.ts";
import { bootPartition } from "./boot_partition.ts";

Deno.test("a disk with a GPT is told as one", () => {
  const sector = protectiveMbr(4096, new Uint8Array());
  const disk = {
    size: 4096 * 512,
    readAt(offset: number, into: Uint8Array) {
      const part = sector.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
    writeAt() {},
  };
  const error = assertThrows(() => bootPartition(disk), TowerError, "has a GPT");
  assertEquals(error.hint?.includes("table: mbr"), true);
});
