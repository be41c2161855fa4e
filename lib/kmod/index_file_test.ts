import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { IndexFile } from "./index_file.ts";

const hex = (index: IndexFile) => index.toBytes().toHex();
const text = (value: string) => new TextEncoder().encode(`${value}\0`).toHex();
const HEADER = "b007f457" + "00020001";

Deno.test("an index of nothing is a header and a root without parts", () => {
  assertEquals(hex(new IndexFile()), HEADER + "0000000c");
});

Deno.test("a key is spelled by the characters on the way, the rest is the last node's prefix", () => {
  const index = new IndexFile();
  index.add("abc", "v", 7);
  assertEquals(
    hex(index),
    HEADER + "20000019" +
      // At 12: prefix "bc", one value of priority 7.
      text("bc") + "00000001" + "00000007" + text("v") +
      // At 25: children of the range a to a.
      "6161" + "c000000c",
  );
});

Deno.test("a key that ends inside another splits it, and a gap between children is 0", () => {
  const index = new IndexFile();
  index.add("xa", "1", 0);
  index.add("xc", "2", 0);
  index.add("x", "3", 0);
  const value = (v: string) => "00000001" + "00000000" + text(v);
  assertEquals(
    hex(index),
    HEADER + "20000038" +
      value("1") + value("2") +
      "6163" + "4000000c" + "00000000" + "40000016" + value("3") +
      "7878" + "60000020",
  );
});

Deno.test("values of a key go by priority, of equal ones the last added first", () => {
  const index = new IndexFile();
  for (const [value, priority] of [["b", 2], ["a", 1], ["c", 2]] as const) {
    index.add("", value, priority);
  }
  assertEquals(
    hex(index),
    HEADER + "4000000c" + "00000003" +
      ["00000001" + text("a"), "00000002" + text("c"), "00000002" + text("b")].join(""),
  );
});

Deno.test("text that the format cannot hold is refused", () => {
  assertThrows(() => new IndexFile().add("grün", "v", 0), TowerError, "not plain ASCII");
  assertThrows(() => new IndexFile().add("k", "a\0b", 0), TowerError, "not plain ASCII");
  assertThrows(() => new IndexFile().add("k".repeat(5000), "v", 0), TowerError, "too long");
});
