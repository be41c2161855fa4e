import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../../lib/errors.ts";
import { placePartitions } from "./place.ts";

const MIB = 1 << 20;
const TIB = 2 ** 40;
const sized = (size: number, align = MIB) => ({ name: `of ${size}`, size, align });

Deno.test("partitions lie behind each other, each at its alignment", () => {
  const sizes = [sized(512), sized(3 * MIB, 4 * MIB), sized(4096, 4096), sized(4096, 4096)];
  const { size, placements } = placePartitions("mbr", sizes);
  assertEquals(placements.map(({ firstSector }) => firstSector * 512), [
    MIB,
    4 * MIB,
    7 * MIB,
    7 * MIB + 4096,
  ]);
  assertEquals(placements.map(({ sectors }) => sectors * 512), sizes.map(({ size }) => size));
  assertEquals(size, 8 * MIB);
  assertEquals(placePartitions("gpt", sizes).size, 9 * MIB);
});

Deno.test("an MBR ends at 2 TiB, a GPT where numbers are no longer exact", () => {
  const fits = [sized(2 * TIB - 2 * MIB), sized(MIB)];
  assertEquals(placePartitions("mbr", fits).size, 2 * TIB);
  const error = assertThrows(
    () => placePartitions("mbr", [...fits, sized(512)]),
    TowerError,
    'Cannot place partition "of 512": it ends past 2 TiB',
  );
  assertEquals([error.code, error.at, error.hint], [
    "limit",
    ["partitions", 2],
    "A GPT has no such limit",
  ]);
  assertEquals(placePartitions("gpt", [...fits, sized(TIB)]).size, 3 * TIB + MIB);
  const far = assertThrows(
    () => placePartitions("gpt", [sized(2 ** 52), sized(2 ** 52)]),
    TowerError,
    "it ends past 8 PiB",
  );
  assertEquals(far.at, ["partitions", 1]);
});
