import { assertEquals, assertThrows } from "@std/assert";
import { randomNumbers } from "../tests/support/program/random_numbers.ts";
import { strictJson } from "./strict_json.ts";

Deno.test("strictJson() refuses a name that an object has twice, in whatever spelling, with its place", () => {
  for (
    const [text, told] of [
      ['{"a": 1, "a": 1}', '"a" twice (line 1, column 10)'],
      ['{"a": 1,\n "\\u0061": 2}', '"a" twice (line 2, column 2)'],
      ['[{"b": {"a": [], "c": {"a": 1}, "a": {}}}]', '"a" twice (line 1, column 33)'],
      ['{"": 1, "": 2}', '"" twice'],
      ['{"__proto__": 1, "__proto__": 2}', '"__proto__" twice'],
      ['{"a\\"": "x", "b": ["a\\"", "a\\""], "a\\"": 1}', '"a\\"" twice'],
      ["{", ""],
      ["", ""],
      ['{"a": 1,}', ""],
    ] as const
  ) assertThrows(() => strictJson(text), SyntaxError, told);
  const long = "x".repeat(1000);
  const { message } = assertThrows(() => strictJson(`{"${long}":1,"${long}":1}`), SyntaxError);
  assertEquals(message.length < 120, true);
});

Deno.test("strictJson() reads what JSON.parse() reads, and finds each name that is put in twice", () => {
  const { below, pick } = randomNumbers(7);
  const names = ["a", "b", "{", "}", '"', "\\", ":", ",", "[", "é", ""];
  const name = () => pick(names);
  const value = (depth: number): unknown => {
    const kind = below(depth > 0 ? 5 : 3);
    if (kind === 0) return below(100) - 50;
    if (kind === 1) return name();
    if (kind === 2) return null;
    if (kind === 3) return Array.from({ length: below(4) }, () => value(depth - 1));
    const members = Array.from({ length: below(4) }, () => [name(), value(depth - 1)] as const);
    return Object.fromEntries(members);
  };
  for (let i = 0; i < 500; i++) {
    const made = value(5);
    const text = JSON.stringify(made, null, below(3));
    assertEquals(strictJson(text), made, text);
    const own = name();
    const member = JSON.stringify(own);
    const inner = `{${member}:${text}, "other name":${text},${member}:${JSON.stringify(name())}}`;
    assertThrows(() => strictJson(`[${text},${inner}]`), SyntaxError, "twice");
  }
});

Deno.test("strictJson() reads long strings and deep lists", () => {
  for (const value of ["x".repeat(1e7), "\\".repeat(1e6), '"'.repeat(1e6)]) {
    assertEquals((strictJson(JSON.stringify([value])) as string[])[0] === value, true);
  }
  strictJson("[".repeat(1e5) + "]".repeat(1e5));
});
