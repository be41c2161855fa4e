import { assert, assertEquals } from "@std/assert";
import { checksum } from "./checksum.ts";
import { cutDirectory, type Dirent, encodeDirectoryBlock, FILE_TYPE } from "./directory.ts";

const dirent = (name: string, ino: number): Dirent => ({ name, ino, type: FILE_TYPE.file });

Deno.test("a block holds records up to its end, and a tail with the checksum of the rest", () => {
  const block = new Uint8Array(4096);
  encodeDirectoryBlock(block, [dirent("abc", 12), dirent("defgh", 13)], 7);
  const view = new DataView(block.buffer);
  assertEquals([view.getUint32(0, true), view.getUint16(4, true), block[6], block[7]], [
    12,
    12,
    3,
    1,
  ]);
  assertEquals([view.getUint32(12, true), view.getUint16(16, true), block[18]], [13, 4072, 5]);
  assertEquals(new TextDecoder().decode(block.subarray(20, 25)), "defgh");
  assertEquals([...block.subarray(4084, 4092)], [0, 0, 0, 0, 12, 0, 0, 0xde]);
  assertEquals(view.getUint32(4092, true), checksum(7, block.subarray(0, 4084)));
});

Deno.test("an empty block is one unused record", () => {
  const block = new Uint8Array(4096);
  encodeDirectoryBlock(block, [], 7);
  assertEquals([...block.subarray(0, 8)], [0, 0, 0, 0, 4084 & 0xff, 4084 >> 8, 0, 0]);
});

Deno.test("entries are cut into blocks none of which is too full, and none is lost", () => {
  const names = Array.from({ length: 1000 }, (_, i) => dirent("n".repeat(1 + i * 7 % 255), i + 12));
  const blocks = cutDirectory(names);
  assertEquals(blocks.flat(), names);
  for (const block of blocks) {
    assert(block.reduce((sum, d) => sum + 8 + Math.ceil(d.name.length / 4) * 4, 0) <= 4084);
  }
});
