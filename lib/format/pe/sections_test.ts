import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../errors.ts";
import { peFile } from "../../../tests/support/format/pe_file.ts";
import { concat, memorySource } from "../../bytes/bytes.ts";
import { readPe } from "./headers.ts";
import { imageDigest } from "./image_digest.ts";
import { addSections } from "./sections.ts";
import {
  piecesOfImage,
  signaturesOf,
  withoutSignatures,
  withSignature,
} from "./certificate_table.ts";

const read = (bytes: Uint8Array) => readPe(memorySource(bytes));
const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
const NEW = [{ name: ".osrel", size: 5 }, { name: ".linux", size: 5000 }];

/** The image as a writer would put it together, of sections filled with 7. */
function grown(bytes: Uint8Array, sections = NEW): Uint8Array {
  const { headers, bodyStart, bodyEnd, offsets, size } = addSections(read(bytes), sections);
  const out = new Uint8Array(size);
  out.set(headers);
  out.set(bytes.subarray(bodyStart, bodyEnd), bodyStart);
  offsets.forEach((offset, i) => out.fill(7, offset, offset + sections[i]!.size));
  return out;
}

Deno.test("sections come behind the others, each at a page of its own", () => {
  const bytes = peFile({ sections: [{ name: ".text", bytes: filled(700, 1) }] });
  const out = grown(bytes);
  const pe = read(out);
  assertEquals(pe.sections.slice(1), [
    { name: ".osrel", virtualSize: 5, virtualAddress: 8192, rawSize: 512, rawOffset: 2048 },
    { name: ".linux", virtualSize: 5000, virtualAddress: 12288, rawSize: 5120, rawOffset: 2560 },
  ]);
  assertEquals(out.subarray(1024, 2048), bytes.subarray(1024, 2048));
  const view = new DataView(out.buffer);
  assertEquals(view.getUint32(0x98 + 56, true), 20480); // what it takes in memory
  assertEquals(view.getUint32(0x98 + 8, true), 512 + 5120); // initialised data
  // Each is data that is read, and has no line numbers (PE Format, "Section Flags").
  const last = out.subarray(0x188 + 2 * 40, 0x188 + 3 * 40);
  assertEquals(last.subarray(24).toHex(), "000000000000000000000000" + "40000040");
  assertEquals(view.getUint32(0x98 + 64, true), 0); // check sum
});

Deno.test("symbols behind the last section go: no byte lies between sections", () => {
  const sections = [{ name: ".text", bytes: filled(100, 1) }];
  const plain = peFile({ sections });
  const out = grown(peFile({ sections, trailer: filled(90, 9) }));
  assertEquals(out, grown(plain));
  imageDigest(read(out));
});

Deno.test("a section that is there, and more than headers have room for, is refused", () => {
  const bytes = peFile({ headerSize: 512 });
  const refuses = (names: string[], message: string) => {
    const sections = names.map((name) => ({ name, size: 1 }));
    const error = assertThrows(() => addSections(read(bytes), sections), TowerError);
    assertEquals(error.message, message);
  };
  refuses([".text"], 'Cannot add section ".text": the image has one');
  refuses([".a", ".a"], 'Cannot add section ".a": the image has one');
  assertEquals(
    read(grown(bytes, [".a", ".b"].map((name) => ({ name, size: 1 })))).sections.length,
    3,
  );
  refuses(
    [".a", ".b", ".c"],
    "Cannot add 3 sections: the image's headers have room for 3 in all",
  );
  assertThrows(
    () => addSections(read(bytes), [{ name: ".a", size: 0xffff_f000 }]),
    TowerError,
    "4 GiB is the limit",
  );
});

Deno.test("the digest is of all but check sum and certificates, and sees every other byte", () => {
  const bytes = peFile({ trailer: filled(18, 3) });
  const digest = imageDigest(read(bytes));
  const differs = (at: number) => {
    const other = bytes.slice();
    other[at]! ^= 1;
    return imageDigest(read(other)).toHex() !== digest.toHex();
  };
  assertEquals([0x98 + 59, 0x98 + 64, 0x98 + 67, 0x98 + 68].map(differs), [
    true,
    false,
    false,
    true,
  ]);
  assertEquals([bytes.length - 1, 1024, 1023, 2].map(differs), [true, true, true, true]);
  // Of nothing the tail that a table would need is zeros.
  assertEquals(imageDigest(read(concat([bytes, new Uint8Array(6)]))), digest);
});

Deno.test("an image in its parts is put together from pieces of any size, all of which are read", () => {
  const bytes = peFile({ trailer: filled(18, 3) });
  const parts = withSignature(read(bytes), filled(30, 5));
  const body = bytes.subarray(parts.headers.length, parts.bodyEnd);
  const whole = concat([parts.headers, body, parts.tail]);
  for (const size of [1, 7, 1000, 1024, 5000]) {
    let taken = 0;
    const pieces = function* () {
      for (; taken < bytes.length; taken += size) yield bytes.subarray(taken, taken + size);
    };
    assertEquals(concat([...piecesOfImage(parts, pieces())]), whole, String(size));
    assertEquals(taken >= bytes.length, true);
  }
});

Deno.test("a program with bytes between its sections is refused: no signature would cover them", () => {
  const bytes = peFile({ sections: ["a", "b"].map((name) => ({ name, bytes: filled(600, 1) })) });
  new DataView(bytes.buffer).setUint32(0x188 + 16, 512, true);
  const error = assertThrows(() => imageDigest(read(bytes)), TowerError);
  assertEquals(
    error.message,
    'Cannot hash EFI program: before its section "b" are bytes that no signature covers',
  );
});

Deno.test("a signature is put in, read, replaced and taken off; the digest stays", () => {
  const put = (from: Uint8Array, text: string) => {
    const { headers, bodyEnd, tail } = withSignature(read(from), new TextEncoder().encode(text));
    return concat([headers, from.subarray(headers.length, bodyEnd), tail]);
  };
  const told = (bytes: Uint8Array) =>
    signaturesOf(read(bytes)).map((found) => new TextDecoder().decode(found));
  const bytes = peFile({ trailer: filled(18, 3) });
  const signed = put(bytes, "one");
  assertEquals(told(signed), ["one"]);
  assertEquals(signed.length % 8, 0);
  assertEquals(imageDigest(read(signed)), imageDigest(read(bytes)));
  const twice = put(signed, "another");
  assertEquals(told(twice), ["another"]);
  const { headers, bodyEnd, tail } = withoutSignatures(read(twice));
  const bare = concat([headers, twice.subarray(headers.length, bodyEnd), tail]);
  assertEquals(told(bare), []);
  assertEquals(put(bare, "one"), signed);
  // What was never signed stays as it is, its check sum too.
  assertEquals(withoutSignatures(read(bytes)).headers, bytes.subarray(0, 1024));
});
