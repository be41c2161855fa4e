import { assert, assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../errors.ts";
import { aliasNames, shortChecksum, slotsOf } from "./name.ts";

const shorts = (...names: string[]) => aliasNames(names, "").map((n) => n.short);

Deno.test("a name that fits 8.3 keeps it, and needs long slots only for lower case", () => {
  const [upper, lower, dotted] = aliasNames(["README.TXT", "vmlinuz", "ldlinux.sys"], "");
  assertEquals(upper, { name: "README.TXT", short: "README  TXT", long: false });
  assertEquals(lower, { name: "vmlinuz", short: "VMLINUZ    ", long: true });
  assertEquals(dotted!.short, "LDLINUX SYS");
  assertEquals(slotsOf(upper!), 1);
  assertEquals(slotsOf(lower!), 2);
});

Deno.test("names that do not fit get numbered tails in the order given", () => {
  assertEquals(shorts("vmlinuz-virt", "vmlinuz-lts", "initramfs-virt"), [
    "VMLINU~1   ",
    "VMLINU~2   ",
    "INITRA~1   ",
  ]);
  assertEquals(shorts(".boot_repository", "a b.c d.e f", "naïve.txt"), [
    "BOOT_R~1   ",
    "ABCD~1  EF ",
    "NA_VE~1 TXT",
  ]);
});

Deno.test("an alias never takes the 8.3 name of another file, wherever that stands", () => {
  assertEquals(shorts("vmlinuz-virt", "vmlinu~1"), ["VMLINU~2   ", "VMLINU~1   "]);
});

Deno.test("a thousand names with one beginning get a thousand aliases", () => {
  const names = Array.from({ length: 1000 }, (_, i) => `a long name number ${i}.data`);
  const made = shorts(...names);
  assertEquals(new Set(made).size, 1000);
  assertEquals(made[0], "ALONGN~1DAT");
  assertEquals(made[999], "ALO~1000DAT");
  assert(made.every((short) => short.length === 11));
});

Deno.test("names that differ in case alone are a conflict", () => {
  const error = assertThrows(() => aliasNames(["Éa", "éA"], "x"), TowerError, '"Éa" differs');
  assertEquals(error.code, "conflict");
  assertEquals(shorts("straße", "strasse").length, 2);
});

Deno.test("names that FAT cannot hold are refused with their path", () => {
  for (const name of ["a:b", "a?", "tail.", "tail ", "a\\b", "x".repeat(256)]) {
    const error = assertThrows(() => aliasNames([name], "dir"), TowerError, `"/dir/${name}"`);
    assertEquals(error.code, "unsupported");
  }
});

Deno.test("the checksum of an alias is the specification's", () => {
  assertEquals(shortChecksum("FILENA~1TXT"), checksumByHand("FILENA~1TXT"));
});

/** The rotation of the specification on bit strings. */
function checksumByHand(short: string): number {
  let bits = "00000000";
  for (const c of short) {
    const rotated = bits.at(-1)! + bits.slice(0, 7);
    bits = (parseInt(rotated, 2) + c.charCodeAt(0)).toString(2).padStart(8, "0").slice(-8);
  }
  return parseInt(bits, 2);
}
