import { assert, assertEquals, assertThrows } from "@std/assert";
import { isoTree } from "../../../tests/support/format/iso_trees.ts";
import {
  type RandomNumbers,
  randomNumbers,
} from "../../../tests/support/program/random_numbers.ts";
import { inlineOnly, smallTree } from "../../../tests/support/tree/small_tree.ts";
import { atOnce } from "../../breathe.ts";
import type { Digest } from "../../brand.ts";
import { type ByteSource, memorySink, memorySource } from "../../bytes/bytes.ts";
import { TowerError } from "../../errors.ts";
import { bytesOf } from "../../tree/content.ts";
import { type ContentReader, type Entry, sizeOf } from "../../tree/entry.ts";
import { type FileTree, isCanonical } from "../../tree/file_tree.ts";
import { planIso } from "./plan.ts";
import { readIso } from "./reader.ts";
import { writeIso } from "./writer.ts";

const BLOB = "sha256:medium" as Digest;

async function imageOf(tree: FileTree): Promise<Uint8Array> {
  const layout = planIso(tree, { label: "TOWER", epoch: 1_700_000_000, boot: undefined });
  const sink = memorySink(layout.size);
  await writeIso(layout, inlineOnly, sink);
  return sink.bytes;
}

/** An entry as far as a medium keeps it, its content as bytes. */
function kept(entry: Entry, reader: ContentReader): unknown {
  const { origin: _, ...rest } = entry;
  if (rest.type === "file") return { ...rest, content: bytesOf(reader, rest.content) };
  // A link's metadata are its file's.
  if (rest.type === "hardlink") return { type: rest.type, path: rest.path, target: rest.target };
  return rest;
}

for (const seed of [1, 2, 3, 4]) {
  Deno.test(`a medium is read as the tree that it was made of, seed ${seed}`, async () => {
    const tree = isoTree(seed, 300);
    const bytes = await imageOf(tree);
    const read = atOnce(readIso(memorySource(bytes), BLOB));
    assertEquals(read.label, "TOWER");
    const reader = { open: () => memorySource(bytes) };
    assertEquals(read.tree.size, tree.size);
    // Which of a file's names comes first is the medium's order.
    const first = new Map<string, string>();
    for (const entry of read.tree.walk()) {
      const original = tree.get(entry.path)!;
      const name = (e: Entry) => e.type === "hardlink" ? e.target : e.path;
      if (original.type === "hardlink" || tree.hasLinks(original.path)) {
        const file = read.tree.file(entry.path)!;
        assertEquals(first.get(name(original)) ?? file.path, file.path);
        first.set(name(original), file.path);
        const known = tree.file(entry.path)!;
        assertEquals(bytesOf(reader, file.content), bytesOf(inlineOnly, known.content));
        continue;
      }
      assertEquals(kept(entry, reader), kept(original, inlineOnly), entry.path);
    }
  });
}

Deno.test("a link of the longest path comes back, and a name of the most bytes", async () => {
  const target = `/${"part/".repeat(700)}${"x".repeat(255)}`;
  const name = "n".repeat(253);
  const odd = ["//a", "a//b", "./x/..", "/", "..", "a/"];
  const links = Object.fromEntries(odd.map((link, i) => [`odd${i}`, { link }]));
  const { tree } = atOnce(readIso(
    memorySource(await imageOf(smallTree({ [name]: { link: target }, ...links }))),
    BLOB,
  ));
  const targetOf = (path: string) => (tree.get(path) as { target?: string } | undefined)?.target;
  assertEquals(targetOf(name), target);
  assertEquals(odd.map((_, i) => targetOf(`odd${i}`)), odd);
});

Deno.test("directories in a circle, and names that lead out, are refused", async () => {
  const bytes = await imageOf(smallTree({ "folder/file": "text", "other": "text" }));
  const root = new DataView(bytes.buffer).getUint32(16 * 2048 + 156 + 2, true);
  const changed = (change: (bytes: Uint8Array, at: (text: string) => number) => void) => {
    const copy = bytes.slice();
    change(copy, (text) => {
      const latin1 = new TextDecoder("latin1").decode(copy);
      return latin1.indexOf(text, root * 2048);
    });
    return () => atOnce(readIso(memorySource(copy), BLOB));
  };
  const circle = changed((copy, at) =>
    new DataView(copy.buffer).setUint32(at("FOLDER") - 33 + 2, root, true)
  );
  assertThrows(circle, TowerError, "its directories lead in a circle");
  for (const name of ["a/bcd", "\x00bcde", "..\0\0\0", "\xffther"]) {
    const out = changed((copy, at) => {
      copy.set(Array.from(name, (c) => c.charCodeAt(0)), at("NM\x0a\x01\0other") + 5);
    });
    assertThrows(out, TowerError, "name");
  }
  const dots = changed((copy, at) => {
    const nm = at("NM\x0a\x01\0other");
    copy[nm + 2] = 7;
    copy.set([0x2e, 0x2e], nm + 5);
  });
  assertThrows(dots, TowerError, "a name is not one of a file");
});

Deno.test("what is no medium, or ends early, is refused", async () => {
  const bytes = await imageOf(smallTree({ "file": "text" }));
  for (const length of [0, 1000, 16 * 2048, 17 * 2048, bytes.length - 2048]) {
    const error = assertThrows(
      () => atOnce(readIso(memorySource(bytes.slice(0, length)), BLOB)),
      TowerError,
    );
    assertEquals(error.code, "malformed");
  }
});

const CASES = 20_000;
const SEED = 20_261_127;
/** A sector of metadata is hit more often than one of contents. */
const METADATA = 64 * 2048;

/** The medium with some bytes changed: not copied. */
function mutated(bytes: Uint8Array, random: RandomNumbers): ByteSource {
  const size = random.below(10) === 0 ? random.below(bytes.length) : bytes.length;
  const changes = new Map<number, number>();
  for (let n = 1 + random.below(6); n > 0; n--) {
    const first = 16 * 2048;
    const at = first + random.below(Math.min(METADATA, bytes.length - first));
    changes.set(at, random.pick([0, 1, 2, 34, 0x7f, 0x80, 0xff, random.below(256)]));
    // Bytes of a record matter more than what fills a sector.
    if (random.below(2) === 0) {
      const sector = at - at % 2048;
      changes.set(sector + random.below(400), random.below(256));
    }
  }
  return {
    size,
    readAt(offset, into) {
      const part = bytes.subarray(offset, Math.min(size, offset + into.length));
      into.set(part);
      for (const [at, value] of changes) {
        if (at >= offset && at < offset + part.length) into[at - offset] = value;
      }
      return part.length;
    },
  };
}

Deno.test(`${CASES} mutated media are read or refused, never worse, seed ${SEED}`, async () => {
  const random = randomNumbers(SEED);
  const bytes = await imageOf(isoTree(7, 60));
  const counts = { read: 0, refused: 0 };
  for (let i = 0; i < CASES; i++) {
    const source = mutated(bytes, random);
    let tree: FileTree;
    try {
      tree = atOnce(readIso(source, BLOB)).tree;
    } catch (error) {
      assert(error instanceof TowerError, `case ${i}: ${error}`);
      counts.refused++;
      continue;
    }
    counts.read++;
    assert(tree.size < 1000, `case ${i}`);
    for (const entry of tree.walk()) {
      assert(entry.path === "" || isCanonical(entry.path), `case ${i}`);
      if (entry.type !== "file") continue;
      const { content } = entry;
      assert(content.kind === "span" && content.offset + sizeOf(content) <= source.size);
    }
  }
  assert(counts.read > 1000 && counts.refused > 1000, JSON.stringify(counts));
});
