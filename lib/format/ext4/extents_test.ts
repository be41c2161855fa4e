import { assertEquals } from "@std/assert";
import { checksum } from "./checksum.ts";
import { extentTree, nodeCount } from "./extents.ts";
import type { Run } from "./geometry.ts";

const SEED = 0x1234;
const runs = (n: number): Run[] =>
  Array.from({ length: n }, (_, i) => ({ start: 10 * i, count: 2 }));
const header = (bytes: Uint8Array) => [...new Uint16Array(bytes.slice(0, 8).buffer)];

/** First file block and block of each data extent, found by following the tree. */
function leavesOf(root: Uint8Array, nodes: ReadonlyMap<number, Uint8Array>): number[][] {
  const [, count, , depth] = header(root);
  const view = new DataView(root.buffer, root.byteOffset);
  return Array.from({ length: count! }, (_, i) => 12 * (1 + i)).flatMap((at) =>
    depth === 0
      ? [[view.getUint32(at, true), view.getUint16(at + 4, true), view.getUint32(at + 8, true)]]
      : leavesOf(nodes.get(view.getUint32(at + 4, true))!, nodes)
  );
}

Deno.test("up to four extents stay in the inode", () => {
  const { root, nodes } = extentTree(runs(4), [], SEED);
  assertEquals(nodes, []);
  assertEquals(header(root), [0xf30a, 4, 4, 0]);
  assertEquals(header(extentTree([], [], SEED).root), [0xf30a, 0, 4, 0]);
});

Deno.test("more extents make a tree from which every one is reached, whatever its depth", () => {
  for (const [extents, depth, count] of [[5, 1, 1], [341, 1, 2], [1360, 1, 4], [1361, 2, 6]]) {
    assertEquals(nodeCount(extents!), count!);
    const blocks = Array.from({ length: count! }, (_, i) => 1_000_000 + i);
    const { root, nodes } = extentTree(runs(extents!), blocks, SEED);
    assertEquals(header(root)[3], depth!);
    assertEquals(nodes.map((node) => node.block), blocks);
    const leaves = leavesOf(root, new Map(nodes.map((node) => [node.block, node.bytes])));
    assertEquals(leaves, runs(extents!).map((run, i) => [2 * i, run.count, run.start]));
    for (const { bytes } of nodes) {
      const stored = new DataView(bytes.buffer).getUint32(4092, true);
      assertEquals(stored, checksum(SEED, bytes.subarray(0, 4092)));
    }
  }
});
