import { assert, assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import {
  elfFile,
  moduleFile,
  NEEDED,
  RPATH,
  RUNPATH,
  SONAME,
} from "../../tests/support/format/elf_file.ts";
import { randomNumbers } from "../../tests/support/program/random_numbers.ts";
import { type ByteSource, memorySource } from "../bytes/bytes.ts";
import {
  dynamicOf,
  interpreterOf,
  isElf,
  readElf,
  sectionBytes,
  sectionStrings,
  symbolsOf,
} from "./elf.ts";

for (const bits of [32, 64] as const) {
  Deno.test(`a ${bits}-bit module gives its sections, strings and symbols`, () => {
    const elf = readElf(memorySource(moduleFile({
      bits,
      info: ["license=GPL", "alias=pci:v*"],
      exports: ["one"],
      imports: ["printk"],
    })));
    assertEquals(elf.bits, bits);
    assertEquals(sectionStrings(elf, ".modinfo"), ["license=GPL", "alias=pci:v*"]);
    assertEquals(symbolsOf(elf, ""), [
      { name: "__crc_one", section: 0xfff1 },
      { name: "printk", section: 0 },
    ]);
    assertEquals(sectionBytes(elf, ".text"), undefined);
    assertEquals(dynamicOf(elf), undefined);
    assertEquals(interpreterOf(elf), undefined);
  });

  Deno.test(`a ${bits}-bit program gives its interpreter and what the loader reads`, () => {
    const elf = readElf(memorySource(elfFile({
      bits,
      machine: 183,
      interpreter: "/lib/ld-musl-aarch64.so.1",
      dynamic: [[NEEDED, "liba.so.1"], [NEEDED, "libb.so"], [SONAME, "me.so"], [RPATH, "/old"], [
        RUNPATH,
        "/x:$ORIGIN/../y",
      ]],
    })));
    assertEquals(elf.machine, 183);
    assertEquals(interpreterOf(elf), "/lib/ld-musl-aarch64.so.1");
    assertEquals(dynamicOf(elf), {
      needed: ["liba.so.1", "libb.so"],
      soname: "me.so",
      runpath: ["/x", "$ORIGIN/../y"],
    });
  });
}

Deno.test("only tables are read, not the file", () => {
  const bytes = moduleFile({ info: ["license=GPL"], exports: ["one"] });
  const padded = new Uint8Array(64 << 20);
  padded.set(bytes);
  let read = 0;
  const inner = memorySource(padded);
  const source: ByteSource = {
    size: inner.size,
    readAt(offset, into) {
      read += into.length;
      return inner.readAt(offset, into);
    },
  };
  assertEquals(sectionStrings(readElf(source), ".modinfo"), ["license=GPL"]);
  assert(read < 2048, `${read} bytes were read`);
});

Deno.test("a name that is not ASCII is read as UTF-8", () => {
  const elf = readElf(memorySource(moduleFile({ imports: ["plain", "grün"] })));
  assertEquals(symbolsOf(elf, "").map((s) => s.name), ["plain", "grün"]);
});

Deno.test("of what a file defines only the symbols with a beginning are read", () => {
  const elf = readElf(memorySource(moduleFile({ exports: ["one"], imports: ["printk"] })));
  assertEquals(symbolsOf(elf, "__crc_").map((s) => s.name), ["__crc_one", "printk"]);
  assertEquals(symbolsOf(elf, "__crc_o_").map((s) => s.name), ["printk"]);
});

Deno.test("what is no ELF file, and big-endian ones, are refused by name", () => {
  assert(!isElf(memorySource(new TextEncoder().encode("#!/bin/sh\n"))));
  assert(!isElf(memorySource(new Uint8Array())));
  const error = assertThrows(() => readElf(memorySource(new Uint8Array(64))), TowerError);
  assertEquals(error.message, "Cannot read ELF file: it has no ELF header");
  const big = moduleFile({});
  big[5] = 2;
  assertThrows(() => readElf(memorySource(big)), TowerError, "not little-endian");
});

Deno.test("cut and changed files end in a TowerError or a value, never in anything else", () => {
  const seed = 20240611;
  const random = randomNumbers(seed);
  const originals = [
    moduleFile({ info: ["a=b"], exports: ["x", "y"], imports: ["z"] }),
    moduleFile({ bits: 32, info: ["a=b"], exports: ["x", "y"], imports: ["z"] }),
    elfFile({ bits: 64, machine: 62, interpreter: "/lib/ld", dynamic: [[NEEDED, "liba.so"]] }),
  ];
  for (let i = 0; i < 6000; i++) {
    const bytes = random.pick(originals).slice();
    for (let n = random.below(6); n >= 0; n--) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    const cut = random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
    try {
      const elf = readElf(memorySource(cut));
      symbolsOf(elf, "");
      sectionStrings(elf, ".modinfo");
      interpreterOf(elf);
      dynamicOf(elf);
    } catch (error) {
      assert(error instanceof TowerError, `seed ${seed}, case ${i}: ${error}`);
    }
  }
});
