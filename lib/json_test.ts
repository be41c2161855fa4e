import { assertEquals, assertThrows } from "@std/assert";
import { canonicalJson } from "./json.ts";

Deno.test("canonicalJson spells equal values alike, whatever the order of their members", () => {
  assertEquals(
    canonicalJson({ b: 1, a: { d: [2, 1], c: "x" } }),
    '{"a":{"c":"x","d":[2,1]},"b":1}',
  );
  assertEquals(canonicalJson({ a: 1, b: 2 }), canonicalJson({ b: 2, a: 1 }));
});

Deno.test("canonicalJson leaves absent members out and keeps null", () => {
  assertEquals(canonicalJson({ a: undefined, b: null }), '{"b":null}');
});

Deno.test("canonicalJson orders names by their UTF-8 bytes", () => {
  assertEquals(canonicalJson({ "\u{10000}": 1, "\uffff": 2 }), '{"\uffff":2,"\u{10000}":1}');
});

Deno.test("canonicalJson orders names that look like numbers as text", () => {
  assertEquals(canonicalJson({ b: 1, "9": 2, "10": 3 }), '{"10":3,"9":2,"b":1}');
});

Deno.test("canonicalJson with an indent spells what JSON.stringify does", () => {
  const value = { a: [1, { b: "é\n" }], c: [], d: {}, e: -1.5e300 };
  assertEquals(canonicalJson(value, 2), JSON.stringify(value, undefined, 2));
  assertEquals(canonicalJson(value), JSON.stringify(value));
});

Deno.test("canonicalJson keeps a member that is named like the prototype", () => {
  assertEquals(canonicalJson(JSON.parse('{"__proto__":1,"a":2}')), '{"__proto__":1,"a":2}');
});

Deno.test("canonicalJson refuses what JSON cannot spell", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const value of [NaN, Infinity, 1n, () => 1, [undefined], new Map(), new Date(0), cycle]) {
    assertThrows(() => canonicalJson({ value }), TypeError);
  }
});
