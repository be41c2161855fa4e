import { assertEquals } from "@std/assert";
import { encodeJournalSuperblock, journalBlocks } from "./journal.ts";

Deno.test("the journal is as large as mke2fs makes it", () => {
  const mebibytes = [4, 8, 100, 128, 1023, 1024, 2048, 20_000, 40_000, 100_000, 200_000];
  assertEquals(
    mebibytes.map((size) => journalBlocks(size * 256) / 256),
    [0, 4, 4, 16, 16, 32, 64, 128, 256, 512, 1024],
  );
});

Deno.test("an empty journal says its size and that there is nothing to replay", () => {
  const bytes = new Uint8Array(4096);
  encodeJournalSuperblock(bytes, 1024, new Uint8Array(16).fill(7));
  const view = new DataView(bytes.buffer);
  assertEquals(view.getUint32(0), 0xc03b3998);
  assertEquals([view.getUint32(12), view.getUint32(16)], [4096, 1024]);
  assertEquals(view.getUint32(0x1c), 0);
});
