import { assert, assertEquals, assertThrows } from "@std/assert";
import { BASE } from "../../tests/support/apk/apk_files.ts";
import { randomNumbers } from "../../tests/support/program/random_numbers.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { concat } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { cpioPieces } from "../format/cpio.ts";
import { inlineText } from "../tree/content.ts";
import { FileTree } from "../tree/file_tree.ts";
import { CpioReader } from "./cpio_reader.ts";

const encoder = new TextEncoder();

function sample(): Uint8Array<ArrayBuffer> {
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  const file = { ...BASE, type: "file", mode: 0o640 } as const;
  tree.put({ ...file, path: "a", uid: 7, content: inlineText("hello") });
  tree.put({ ...file, type: "hardlink", path: "b", target: "a" });
  tree.put({ ...BASE, type: "char", path: "c", mode: 0o600, major: 5, minor: 1 });
  tree.put({ ...BASE, type: "directory", path: "d", mode: 0o1777 });
  tree.put({ ...file, path: "d/empty", content: inlineText("") });
  tree.put({ ...file, type: "hardlink", path: "d/same", target: "d/empty" });
  tree.put({ ...BASE, type: "symlink", path: "e", mode: 0o777, target: "d/empty" });
  tree.put({ ...BASE, type: "fifo", path: "f", mode: 0o600 });
  return concat(Array.from(cpioPieces(tree, new MemoryStore()), (bytes) => bytes.slice()));
}

const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** What an archive that is pushed in pieces holds, a line for each entry. */
function read(bytes: Uint8Array, piece = bytes.length || 1, entries = 20): string[] {
  const lines: string[] = [];
  let content = "";
  const reader = new CpioReader({
    entry({ type, path, mode, uid, size, target, major, minor, offset }) {
      content = "";
      const text = latin1(bytes.subarray(offset, offset + size));
      lines.push([type, path, mode.toString(8), uid, target, major, minor, text].join(" "));
    },
    content: (part) => content += latin1(part),
    end: () => assert(lines.at(-1)!.endsWith(content)),
  }, { entries });
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.subarray(at, at + piece));
  reader.finish();
  return lines;
}

Deno.test("what was written as cpio comes back, however it is cut", () => {
  const bytes = sample();
  const lines = [
    "file b 640 7  0 0 hello",
    "hardlink a 640 7 b 0 0 ",
    "char c 600 0  5 1 ",
    "directory d 1777 0  0 0 ",
    "symlink e 777 0 d/empty 0 0 ",
    "fifo f 600 0  0 0 ",
    "file d/empty 640 0  0 0 ",
    "hardlink d/same 640 0 d/empty 0 0 ",
  ];
  for (const piece of [1, 3, 110, 4096]) assertEquals(read(bytes, piece), lines);
  assertEquals(read(concat([bytes, new Uint8Array(512)])), lines);
});

/** An entry of the kind newc, or crc where a checksum is told. */
function entry(
  ...[path, text, mode, checksum, size = text.length, links = 1]: [
    ...[path: string, text: string, mode: number],
    ...[checksum?: number | undefined, size?: number, links?: number],
  ]
) {
  const name = encoder.encode(`${path}\0`);
  const numbers = [1, mode, 0, 0, links, 0, size, 0, 0, 0, 0, name.length, checksum ?? 0];
  const hex = numbers.map((n) => n.toString(16).padStart(8, "0")).join("");
  const head = concat([encoder.encode((checksum === undefined ? "070701" : "070702") + hex), name]);
  const padded = (bytes: Uint8Array) => concat([bytes, new Uint8Array((4 - bytes.length % 4) % 4)]);
  return concat([padded(head), padded(encoder.encode(text))]);
}
const END = entry("TRAILER!!!", "", 0);

Deno.test("the checksum of the kind crc is the sum of the bytes", () => {
  assertEquals(read(concat([entry("a", "ab", 0o100644, 195), END])), ["file a 644 0  0 0 ab"]);
  const wrong = () => read(concat([entry("a", "ab", 0o100644, 196), END]));
  assertThrows(wrong, TowerError, 'entry "a" has another checksum');
});

Deno.test("a cpio that is none, broken off or goes on behind its end is refused", () => {
  const bytes = sample();
  const refused = (bytes: Uint8Array, cause: string) =>
    assertThrows(() => read(bytes), TowerError, `Cannot read cpio archive: ${cause}`);
  for (const length of [0, 50, 110, 300, bytes.length - 124]) {
    refused(bytes.subarray(0, length), "it ends before its trailer");
  }
  refused(concat([bytes, bytes]), "bytes follow its end");
  refused(encoder.encode("0707".repeat(40)), "a header has not the magic of newc or crc");
  refused(encoder.encode("070701" + "x".repeat(104)), "a header has a bad number");
  refused(concat([entry("a", "", 0o150644), END]), "an entry has the unknown mode 150644");
  refused(concat([entry("a", "x", 0o040755), END]), 'entry "a" has content');
  refused(concat([entry("a", "", 0o120777), END]), 'link "a" has no target');
  refused(concat([entry("a".repeat(5000), "", 0o100644), END]), "a name has a bad length");
  refused(concat([entry("a\0b", "", 0o100644), END]), "a name does not end where it should");
  assertThrows(() => read(bytes, 99, 3), TowerError, "it has more than 3 entries");
});

Deno.test("whatever is changed in a cpio ends in an error or in entries", () => {
  const random = randomNumbers(21);
  const bytes = sample();
  let refused = 0;
  for (let i = 0; i < 4000; i++) {
    const copy = bytes.slice(0, random.below(4) === 0 ? random.below(bytes.length) : bytes.length);
    for (let n = random.below(4); n > 0 && copy.length > 0; n--) {
      copy[random.below(copy.length)] = random.below(2)
        ? 0x30 + random.below(55)
        : random.below(256);
    }
    try {
      read(copy, 1 + random.below(200));
    } catch (error) {
      assert(error instanceof TowerError, `${i}: ${error}`);
      refused++;
    }
  }
  assert(refused > 1000, `${refused}`);
});

Deno.test("very many names of one file take no longer than those of many, and are not endless", () => {
  const count = 40_000;
  const timed = (name: string, links: number) => {
    const one = entry(name, "", 0o100644, undefined, 0, links);
    const bytes = new Uint8Array(count * one.length);
    for (let at = 0; at < bytes.length; at += one.length) bytes.set(one, at);
    const reader = new CpioReader({ entry() {}, content() {}, end() {} }, { entries: count });
    const start = performance.now();
    reader.push(bytes);
    return performance.now() - start;
  };
  const ofMany = timed("a", 1);
  const ofOne = timed("a", 2);
  // Their square is a hundred times as long.
  assert(ofOne < 10 * ofMany, `${ofOne} ms, ${ofMany} ms`);
  assertThrows(
    () => timed("x".repeat(1000), 2),
    TowerError,
    "names that wait for their content have more than 16777216 characters",
  );
});
