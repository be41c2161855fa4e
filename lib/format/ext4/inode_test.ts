import { assertEquals } from "@std/assert";
import { deviceRoot, encodeInode, type InodeRecord } from "./inode.ts";

const RECORD: InodeRecord = {
  mode: 0o100644,
  uid: 0x12345,
  gid: 0xfffffffe,
  mtime: 0,
  links: 3,
  size: 5 * 2 ** 32 + 1,
  blocks: 2 ** 30 + 1,
  flags: 0,
  root: new Uint8Array(60),
  xattrBlock: 0,
};

function viewOf(record: InodeRecord): DataView {
  const bytes = new Uint8Array(256);
  encodeInode(bytes, record, 1);
  return new DataView(bytes.buffer);
}

Deno.test("owners, sizes and block counts are split into their halves", () => {
  const view = viewOf(RECORD);
  assertEquals([view.getUint16(2, true), view.getUint16(0x78, true)], [0x2345, 1]);
  assertEquals([view.getUint16(0x18, true), view.getUint16(0x7a, true)], [0xfffe, 0xffff]);
  assertEquals([view.getUint32(4, true), view.getUint32(0x6c, true)], [1, 5]);
  assertEquals([view.getUint32(0x1c, true), view.getUint16(0x74, true)], [8, 2]);
});

Deno.test("times before 1970 and after 2038 come back from 32 bits and the epoch bits", () => {
  for (const mtime of [0, -1, -(2 ** 31), 2 ** 31, 2 ** 32, 2 ** 34 - 2 ** 31 - 1]) {
    const view = viewOf({ ...RECORD, mtime });
    for (const [low, high] of [[0x10, 0x88], [0x0c, 0x84], [0x08, 0x8c], [0x90, 0x94]]) {
      const extra = view.getUint32(high!, true);
      assertEquals(extra & ~3, 0);
      assertEquals(view.getInt32(low!, true) + extra * 2 ** 32, mtime);
    }
  }
});

Deno.test("device numbers take the old encoding below 256, else the new one", () => {
  const words = (root: Uint8Array) => [...new Uint32Array(root.buffer)].slice(0, 2);
  assertEquals(words(deviceRoot(8, 1)), [0x0801, 0]);
  assertEquals(words(deviceRoot(259, 0)), [0, 0x10300]);
  assertEquals(words(deviceRoot(0, 256)), [0, 0x100000]);
  assertEquals(words(deviceRoot(0xfff, 0xfffff)), [0, 0xffffffff]);
});
