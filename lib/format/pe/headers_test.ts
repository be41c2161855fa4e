import { assert, assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../errors.ts";
import { peFile } from "../../../tests/support/format/pe_file.ts";
import { randomNumbers } from "../../../tests/support/program/random_numbers.ts";
import { memorySource } from "../../bytes/bytes.ts";
import { signaturesOf, withSignature } from "./certificate_table.ts";
import { isPe, readPe } from "./headers.ts";
import { imageDigest } from "./image_digest.ts";
import { addSections } from "./sections.ts";

const bytesOf = (length: number, value: number) => new Uint8Array(length).fill(value);
const [PE, OPTIONAL, TABLE] = [0x80, 0x98, 0x188];

/** A program after a change of one field of 32 bits. */
function changed(at: number, value: number, bytes = peFile()): Uint8Array<ArrayBuffer> {
  new DataView(bytes.buffer).setUint32(at, value, true);
  return bytes;
}

Deno.test("a program gives its machine and its sections", () => {
  const sections = [{ name: ".text", bytes: bytesOf(700, 1) }, {
    name: ".data",
    bytes: bytesOf(3, 2),
  }];
  const pe = readPe(memorySource(peFile({ sections, machine: 0xaa64 })));
  assertEquals(pe.machine, 0xaa64);
  assertEquals(pe.certificates, undefined);
  assertEquals(pe.sections, [
    { name: ".text", virtualSize: 700, virtualAddress: 4096, rawSize: 1024, rawOffset: 1024 },
    { name: ".data", virtualSize: 3, virtualAddress: 8192, rawSize: 512, rawOffset: 2048 },
  ]);
});

Deno.test("what is no program, or may be read in two ways, is refused by name", () => {
  const refuses = (bytes: Uint8Array, message: string) =>
    assertEquals(
      assertThrows(() => readPe(memorySource(bytes)), TowerError).message,
      `Cannot read EFI program: ${message}`,
    );
  assert(!isPe(memorySource(new TextEncoder().encode("#!/bin/sh\n"))));
  refuses(new Uint8Array(), "it has no MZ header");
  refuses(new Uint8Array([0x4d, 0x5a]), "it ends in its header");
  refuses(changed(60, 0xffff_fff0), "its header is not where it says");
  refuses(changed(PE, 0x4551), "it has no PE header");
  refuses(changed(OPTIONAL, 0x10b), "it is not PE32+, for 64 bits");
  refuses(changed(OPTIONAL + 108, 4), "its data directories are cut off");
  refuses(changed(OPTIONAL + 108, 17), "its data directories are cut off");
  refuses(changed(PE + 4, 0x8664), "it has 0 sections");
  refuses(changed(PE + 4, 97 << 16 | 0x8664), "it has 97 sections");
  refuses(changed(OPTIONAL + 60, TABLE + 39), "its section table is cut off");
  refuses(changed(OPTIONAL + 60, 1 << 21), "its section table is cut off");
  refuses(changed(OPTIONAL + 32, 3), "its sections are aligned to 3");
  refuses(changed(OPTIONAL + 36, 0), "its sections are aligned to 0");
  const overlap = 'its section ".text" shares bytes with another, or lies outside';
  refuses(changed(TABLE + 20, 1000), overlap);
  refuses(changed(TABLE + 16, 513), overlap);
  refuses(changed(TABLE + 12, 0xffff_ffff), 'its section ".text" is too large');
  refuses(changed(TABLE, 0x01020304), "the name of a section is no plain text");
  const signed = peFile({ trailer: new Uint8Array(16) });
  const directory = OPTIONAL + 144;
  for (const [offset, size] of [[1536, 8], [1540, 12], [512, 1040], [1552, 0]]) {
    const bytes = changed(directory + 4, size!, changed(directory, offset!, signed.slice()));
    refuses(bytes, "its certificates do not end the file");
  }
  refuses(changed(directory + 4, 24, changed(directory, 1528, signed.slice())), overlap);
});

Deno.test("20,000 changed programs end in a TowerError or a value, and nothing large is made", () => {
  const seed = 20261127;
  const random = randomNumbers(seed);
  const plain = peFile({
    sections: ["a", "b", "c"].map((name, i) => ({ name, bytes: bytesOf(600 * i + 1, i) })),
    trailer: new Uint8Array(36),
  });
  const { headers, bodyEnd, tail } = withSignature(
    readPe(memorySource(plain)),
    new TextEncoder().encode("signature"),
  );
  const signed = new Uint8Array([...headers, ...plain.subarray(headers.length, bodyEnd), ...tail]);
  for (let i = 0; i < 20_000; i++) {
    const bytes = random.pick([plain, signed]).slice();
    // Most of it is padding: the headers and the table are what is read.
    const interesting = () =>
      random.below(5) === 0 ? random.below(bytes.length) : random.pick([
        random.below(64),
        PE + random.below(TABLE + 120 - PE),
        bytes.length - 1 - random.below(32),
      ]);
    for (let n = random.below(4); n >= 0; n--) {
      bytes[interesting()] = random.pick([0, 1, 0x7f, 0xff, random.below(256)]);
    }
    const cut = random.below(6) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
    try {
      const pe = readPe(memorySource(cut));
      imageDigest(pe);
      assert(signaturesOf(pe).every(({ length }) => length <= cut.length));
      const grown = addSections(pe, [{ name: ".linux", size: 10_000 }]);
      assert(grown.bodyEnd <= cut.length && grown.size <= cut.length + (4 << 20));
    } catch (error) {
      assert(error instanceof TowerError, `seed ${seed}, case ${i}: ${error}`);
    }
  }
});
