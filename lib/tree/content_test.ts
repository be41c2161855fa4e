import { assertEquals, assertThrows } from "@std/assert";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { TowerError } from "../errors.ts";
import { memorySource } from "../bytes/bytes.ts";
import { BlockWriter } from "../format/ext4/block_writer.ts";
import { writeContent } from "../format/ext4/contents.ts";
import { bytesOf, piecesOf, wholeBlob } from "./content.ts";
import type { Content, ContentReader } from "./entry.ts";

const BYTES = Uint8Array.from({ length: 10_000 }, (_, i) => i * i);

/** A content of a store, and readers in which one byte, or the end, is another. */
function fixture() {
  const store = new MemoryStore();
  const content = wholeBlob({ digest: store.put(BYTES), size: BYTES.length });
  const wrong = [0, 4096, 9999].map((at): ContentReader => {
    const bytes = BYTES.slice();
    bytes[at]! ^= 1;
    return { open: () => memorySource(bytes) };
  });
  const short: ContentReader = { open: () => memorySource(BYTES.subarray(0, 9999)) };
  return { store, content, wrong, short };
}

const WAYS: Record<string, (reader: ContentReader, content: Content) => void> = {
  pieces: (reader, content) => void [...piecesOf(reader, content, new Uint8Array(4096))],
  bytes: (reader, content) => void bytesOf(reader, content),
  ext4: (reader, content) => {
    const sink = { writeAt() {} };
    const writer = new BlockWriter(sink);
    const runs = [{ start: 5, count: 2 }, { start: 9, count: 1 }];
    for (const _ of writeContent(writer, { reader, sink }, runs, content));
  },
};

for (const [name, read] of Object.entries(WAYS)) {
  Deno.test(`bytes that are not those of the digest never leave the store (${name})`, () => {
    const { store, content, wrong, short } = fixture();
    read(store, content);
    for (const reader of wrong) {
      assertEquals(assertThrows(() => read(reader, content), TowerError).code, "damaged");
    }
    assertThrows(() => read(short, content));
  });
}

Deno.test("a file of a package is checked by its own digest, wherever it lies in the blob", () => {
  const store = new MemoryStore();
  const content = wholeBlob({ digest: store.put(BYTES.subarray(512, 1000)), size: 488 });
  const span = { ...content, offset: 512 } as Content;
  assertEquals(bytesOf({ open: () => memorySource(BYTES) }, span), BYTES.subarray(512, 1000));
  const other = { ...content, offset: 513 } as Content;
  assertThrows(() => bytesOf({ open: () => memorySource(BYTES) }, other), TowerError);
});
