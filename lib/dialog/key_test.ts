import { assertEquals } from "@std/assert";
import { KeyReader } from "./key.ts";

/** The keys of some bytes, given in pieces of a length, in short. */
function keysOf(text: string, length: number): string {
  const reader = new KeyReader();
  const bytes = new TextEncoder().encode(text);
  const keys = [];
  for (let at = 0; at < bytes.length; at += length) {
    keys.push(...reader.feed(bytes.subarray(at, at + length)));
  }
  keys.push(...reader.quiet());
  return keys.map((key) => key.kind === "text" ? key.text : key.kind).join(" ");
}

Deno.test("keys are the same in whatever pieces their bytes come", () => {
  const cases: [string, string][] = [
    ["aB~ ", "a B ~  "],
    ["\r\n\t\b\x7f\x15\x0c", "enter enter tab erase erase clear redraw"],
    ["\x1b[A\x1b[B\x1bOA\x1bOB\x1b[Z", "up down up down back-tab"],
    [
      "\x1b[5~\x1b[6~\x1b[1~\x1b[4~\x1b[7~\x1b[8~\x1b[H\x1bOF",
      "page-up page-down home end home end home end",
    ],
    ["\x1b", "escape"],
    ["\x1bx", "escape x"],
    ["\x1b\x1b", "escape escape"],
    // Function keys, the mouse and what else is not known are no text.
    ["\x1b[[Ax\x1b[15~y\x1b[1;5Cz\x1b[3~", "x y z"],
    ["\u00fc\u20ac\u{1f600}a", "foreign foreign foreign a"],
    ["\x00\x01\x16\x1fa", "a"],
    ["\x1b[999999999999999999999999Ax", "9 9 9 9 9 9 9 9 9 9 A x"],
    ["\x1b[1\rx", "enter x"],
  ];
  for (const [text, expected] of cases) {
    for (const length of [1, 2, 3, 100]) {
      assertEquals(keysOf(text, length), expected, JSON.stringify([text, length]));
    }
  }
});
