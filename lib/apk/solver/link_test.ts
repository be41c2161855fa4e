import { assertEquals, assertThrows } from "@std/assert";
import { digestOf } from "../../bytes/digest.ts";
import { parseIndex } from "../index_text.ts";
import type { IndexedPackage } from "../types.ts";
import { link } from "./link.ts";
import { LinkedIndex } from "./linked_index.ts";
import { bucketOf } from "./name_order.ts";

const HASH = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/** One package whose record begins with these lines. */
function read(first: string, ...lines: string[]): IndexedPackage {
  const text = [`C:Q1${first}${HASH.slice(first.length)}`, ...lines, "", ""].join("\n");
  return parseIndex(text)[0]!;
}

const INDEX = [
  read("a", "P:app", "V:1.0-r0", "A:x86_64", "S:7", "I:9", "T:a description", "D:lib>1 so:x !old"),
  read("b", "P:lib", "V:2_rc1", "A:noarch", "k:5", "p:so:x=1 so:x cmd:ü", "i:app app>0"),
  read("c", "P:odd", "V:../..", "X:?", "D:a=bad so:x"),
];

/** What is left of a package. */
function linkedOf(item: IndexedPackage) {
  const { description: _d, url: _u, license: _l, origin: _o, buildTime: _b, ...rest } = item;
  return rest;
}

Deno.test("what choosing takes of packages comes back from the tables, and nothing else", () => {
  const linked = new LinkedIndex(link([INDEX]).bytes);
  assertEquals([linked.packageCount, [...linked.packageNames()]], [3, ["app", "lib", "odd"]]);
  assertEquals(INDEX.map((_, i) => linked.packageOf(linked.recordAt(i))), INDEX.map(linkedOf));
});

Deno.test("names have the order of the records, and who offers and triggers them", () => {
  const linked = link([INDEX]);
  const names = Array.from({ length: linked.nameCount }, (_, rank) => linked.nameAt(rank));
  assertEquals(names, ["app", "lib", "so:x", "old", "cmd:ü", "odd"]);
  for (const [rank, name] of names.entries()) {
    assertEquals(linked.find(name, bucketOf(name)), rank);
    assertEquals(linked.bucketAt(rank), bucketOf(name));
  }
  assertEquals(linked.find("none", bucketOf("none")), -1);
  assertEquals(names.map((_, rank) => [...linked.offering(rank)]), [[0], [1], [1], [], [1], [2]]);
  assertEquals(names.map((_, rank) => [...linked.triggered(rank)]), [[1], [], [], [], [], []]);
});

Deno.test("a package of several repositories is the first one's, with a bit for each", () => {
  const other = { ...INDEX[0]!, name: "other", depends: ["new"] };
  const linked = link([INDEX, [other, INDEX[1]!]]);
  assertEquals([0, 1, 2].map((number) => linked.repositoriesOf(number)), [3, 3, 1]);
  assertEquals(linked.packageCount, 3);
  assertEquals(linked.find("other", bucketOf("other")), -1);
  assertEquals(linked.find("new", bucketOf("new")), -1);
});

Deno.test("tables that are cut, or longer than they say, are refused", () => {
  const { bytes } = link([INDEX]);
  for (const length of [0, 4, 24, 100, bytes.length - 1]) {
    assertThrows(() => new LinkedIndex(bytes.slice(0, length)), RangeError);
  }
  const longer = new Uint8Array(bytes.length + 4);
  longer.set(bytes);
  assertThrows(() => new LinkedIndex(longer), RangeError);
});

// Tables lie in stores: a program that makes others of the same indexes gives the notes another
// kind (lib/packages/linked_indexes.ts), then this its digest.
Deno.test("the tables are those that earlier programs made", () => {
  assertEquals(
    digestOf(link([INDEX]).bytes),
    "sha256:dcc16b327c1527887655029b7edbee0b6eb16c2fecc91db3b9bdf9dbd4029396",
  );
});
