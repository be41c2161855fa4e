import { assertEquals, assertThrows } from "@std/assert";
import { inOneBreath } from "../../lib/breathe.ts";
import { memorySink, memorySource, readExactly } from "../../lib/bytes/bytes.ts";
import { TowerError } from "../../lib/errors.ts";
import { planExt4 } from "../../lib/format/ext4/plan.ts";
import { writeExt4 } from "../../lib/format/ext4/writer.ts";
import { tarParts } from "../../lib/format/tar.ts";
import { wholeBlob } from "../../lib/tree/content.ts";
import { type ContentSink, contentSinkAt, WORTH_PLACING } from "../../lib/tree/content_sink.ts";
import type { Content } from "../../lib/tree/entry.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { inOrder } from "../outputs/in_order.ts";
import { PlacedContents } from "./placed_contents.ts";

const SIZE = 100;

/** Bytes of which none is like the one before, from a number on. */
const bytesFrom = (first: number, length: number) =>
  Uint8Array.from({ length }, (_, i) => first + i);

/** A file of ones, with a blob in two parts, told in the wrong order, and an inline content. */
function placed(blob: (store: MemoryStore) => Content = (store) => {
  const bytes = bytesFrom(100, 30);
  return wholeBlob({ digest: store.put(bytes), size: bytes.length });
}): { readonly image: PlacedContents; readonly expected: Uint8Array } {
  const store = new MemoryStore();
  const ones = new Uint8Array(90).fill(1);
  const image = new PlacedContents(memorySource(ones), store);
  const content = blob(store);
  image.add(80, { content: { kind: "inline", bytes: bytesFrom(7, 5) }, from: 0, length: 5 });
  image.add(10, { content, from: 0, length: 20 });
  image.add(40, { content, from: 20, length: 10 });
  const expected = new Uint8Array(SIZE);
  expected.set(ones);
  expected.set(bytesFrom(100, 20), 10);
  expected.set(bytesFrom(120, 10), 40);
  expected.set(bytesFrom(7, 5), 80);
  return { image, expected };
}

Deno.test("placed contents are read where they lie, from any offset on, by any piece", () => {
  const { image, expected } = placed();
  const source = image.source(SIZE);
  for (let from = 0; from <= SIZE; from++) {
    for (const length of [1, 7, SIZE].map((length) => Math.min(length, SIZE - from))) {
      assertEquals(readExactly(source, from, length), expected.subarray(from, from + length));
    }
  }
  assertEquals(source.readAt(SIZE, new Uint8Array(1)), 0);
});

Deno.test("placed contents read in order are checked, whatever the pieces", () => {
  for (const piece of [1, 7, 15, SIZE]) {
    const { image, expected } = placed();
    const source = image.checkedSource(SIZE);
    for (let at = 0; at < SIZE; at += piece) {
      const length = Math.min(piece, SIZE - at);
      assertEquals(readExactly(source, at, length), expected.subarray(at, at + length));
    }
  }
});

Deno.test("a placed content that is not what was stored, or was cut, is damage", () => {
  const rotten = (store: MemoryStore, size: number): Content => {
    const whole = wholeBlob({ digest: store.put(bytesFrom(100, 30)), size: 30 });
    const other = store.put(bytesFrom(101, size));
    return whole.kind === "span" ? { ...whole, blob: other } : whole;
  };
  for (const size of [30, 25]) {
    const { image } = placed((store) => rotten(store, size));
    const error = assertThrows(
      () => readExactly(image.checkedSource(SIZE), 0, SIZE),
      TowerError,
    );
    assertEquals(error.code, "damaged");
  }
});

Deno.test("a placed content is not taken for checked where its start was passed by", () => {
  const { image } = placed();
  const source = image.checkedSource(SIZE);
  assertThrows(() => readExactly(source, 15, 50), RangeError, "not read in order");
});

Deno.test("file systems and archives with placed contents have the bytes of written ones", async () => {
  const store = new MemoryStore();
  const owned = { uid: 0, gid: 0, mtime: 0, origin: "stage:test" } as const;
  const tree = new FileTree({ ...owned, mode: 0o755 });
  for (const size of [0, 1, WORTH_PLACING - 1, WORTH_PLACING, 50_000]) {
    const digest = store.put(bytesFrom(size, size));
    const content = wholeBlob({ digest, size });
    tree.put({ ...owned, type: "file", path: `file-${size}`, mode: 0o644, content });
  }
  const layout = planExt4(tree, {
    uuid: "11111111-2222-4333-8444-555555555555",
    hashSeed: "66666666-7777-4888-9999-aaaaaaaaaaaa",
    ...{ label: "root", epoch: 0, freeBytes: 0 },
  });
  const file = { setSize() {}, readAt: () => 0 };
  const writers: ((sink: ContentSink) => Promise<void>)[] = [
    (sink) => writeExt4(layout, store, contentSinkAt(sink, 512)),
    (sink) =>
      inOrder({ ...file, ...sink }, tarParts(tree), { reader: store, breathe: inOneBreath }),
  ];
  for (const write of writers) {
    const size = layout.size + 512;
    const written = memorySink(size);
    await write({ writeAt: written.writeAt });
    const skeleton = memorySink(size);
    const image = new PlacedContents(skeleton, store);
    let placed = 0;
    await write({
      writeAt: skeleton.writeAt,
      place(offset, part) {
        placed += part.length;
        image.add(offset, part);
      },
    });
    assertEquals(placed, WORTH_PLACING + 50_000);
    assertEquals(readExactly(image.checkedSource(size), 0, size), written.bytes);
  }
});
