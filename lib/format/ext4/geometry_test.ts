import { assert, assertEquals } from "@std/assert";
import { BLOCKS_PER_GROUP, type Geometry, geometryOf, type Run } from "./geometry.ts";

function assertSound(geometry: Geometry): void {
  let end = 0, fixed = 0;
  for (const run of geometry.fixed) {
    assert(run.start > end || end === 0, `runs are ordered, apart and joined at ${run.start}`);
    end = run.start + run.count;
    fixed += run.count;
  }
  assert(end <= geometry.blocks, "metadata lies inside");
  assertEquals(geometry.available, geometry.blocks - fixed);
  const tables = geometry.inodesPerGroup / 16;
  const parts: Run[] = geometry.groups.flatMap((group) => [
    { start: group.blockBitmap, count: 1 },
    { start: group.inodeBitmap, count: 1 },
    { start: group.inodeTable, count: tables },
    ...(group.hasSuperblock
      ? [{
        start: group.start,
        count: 1 + geometry.descriptorBlocks + geometry.reservedDescriptorBlocks,
      }]
      : []),
  ]);
  // As many blocks as the runs have, and all inside them: so no two parts overlap.
  assertEquals(parts.reduce((sum, part) => sum + part.count, 0), fixed);
  for (const { start, count } of parts) {
    assert(geometry.fixed.some((r) => r.start <= start && start + count <= r.start + r.count));
  }
}

Deno.test("metadata never overlaps, in file systems of any size and number of inodes", () => {
  for (const blocks of [256, 2560, 32768, 33600, 65536, 100_000, 560_000, 4_000_000]) {
    for (const inodes of [11, 5000, 120_000, 500_000]) {
      const geometry = geometryOf(blocks, inodes);
      if (!geometry) continue;
      assertSound(geometry);
      assert(geometry.groups.length * geometry.inodesPerGroup >= inodes);
    }
  }
});

Deno.test("superblocks lie in groups 0, 1 and powers of 3, 5 and 7", () => {
  const { groups } = geometryOf(130 * BLOCKS_PER_GROUP, 11)!;
  const holders = [...groups.keys()].filter((i) => groups[i]!.hasSuperblock);
  assertEquals(holders, [0, 1, 3, 5, 7, 9, 25, 27, 49, 81, 125]);
});

Deno.test("a last group that its metadata would fill is left off", () => {
  assertEquals(geometryOf(BLOCKS_PER_GROUP + 100, 11)!.blocks, BLOCKS_PER_GROUP);
  assertEquals(geometryOf(BLOCKS_PER_GROUP + 1000, 11)!.blocks, BLOCKS_PER_GROUP + 1000);
});

Deno.test("there is room for descriptors of 1024 times the size, at least for 256 GiB", () => {
  const groupsThatFit = (g: Geometry) => 64 * (g.descriptorBlocks + g.reservedDescriptorBlocks);
  assertEquals(groupsThatFit(geometryOf(2560, 11)!) * 128, 256 * 1024); // MiB
  assert(groupsThatFit(geometryOf(10 * BLOCKS_PER_GROUP, 11)!) >= 10 * 1024);
});

Deno.test("what cannot hold its own metadata or so many inodes has no geometry", () => {
  assertEquals(geometryOf(20, 11), undefined);
  assertEquals(geometryOf(0, 11), undefined);
  assertEquals(geometryOf(BLOCKS_PER_GROUP, 32769), undefined);
});
