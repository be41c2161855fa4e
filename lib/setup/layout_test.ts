import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { writeGpt } from "../format/gpt.ts";
import { readGpt } from "../format/gpt_reader.ts";
import { uuidFrom } from "../format/uuid.ts";
import { layoutOf, PARTITIONS, tableOf } from "./layout.ts";

const MIB = 1 << 20, GIB = 1 << 30;

/** The ends of a disk: what is between is no table's. */
function sparse(size: number) {
  const [head, tail] = [new Uint8Array(MIB), new Uint8Array(MIB)];
  const at = (offset: number): [Uint8Array, number] =>
    offset < MIB ? [head, offset] : [tail, offset - (size - MIB)];
  return {
    size,
    readAt(offset: number, into: Uint8Array) {
      const [bytes, from] = at(offset);
      const part = bytes.subarray(from, from + into.length);
      into.set(part);
      return part.length;
    },
    writeAt(offset: number, bytes: Uint8Array) {
      const [part, from] = at(offset);
      part.set(bytes, from);
    },
  };
}

Deno.test("a disk has both slots, whole in MiB, and the rest for what is kept", () => {
  for (const size of [6 * GIB, 6 * GIB + 512, 500_107_862_016, 8 * GIB - 4096]) {
    const layout = layoutOf(size, 280 * MIB);
    let free = MIB;
    for (const name of PARTITIONS) {
      const place = layout[name];
      assertEquals([place.start, place.size % MIB], [free, 0], name);
      free += place.size;
    }
    assertEquals(layout["root-a"].size, layout["root-b"].size);
    assertEquals(layout["root-a"].size, 2 * GIB);
    const disk = sparse(size);
    let count = 0;
    const guid = () => uuidFrom(`guid ${count++}`);
    const partitions = tableOf(layout, guid);
    const diskSectors = Math.floor(size / 512);
    writeGpt({ diskGuid: guid(), diskSectors, partitions, bootCode: new Uint8Array() }, disk);
    assertEquals(readGpt(disk)?.partitions.map(({ name }) => name), [...PARTITIONS]);
  }
});

Deno.test("a slot takes a root of twice the size, with its hash tree", () => {
  const root = 1500 * MIB;
  const layout = layoutOf(20 * GIB, root);
  assertEquals(layout["root-a"].size, 3 * GIB);
  // A block of 4096 has 128 digests of 32 bytes.
  assertEquals(layout["verity-a"].size >= layout["root-a"].size / 127, true);
});

Deno.test("a disk that has no room for a home is refused", () => {
  const error = assertThrows(() => layoutOf(5 * GIB, 280 * MIB), TowerError);
  assertEquals(error.code, "no-space");
});
