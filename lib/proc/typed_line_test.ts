import { assertEquals } from "@std/assert";
import { TypedLine } from "./typed_line.ts";

const typed = (...parts: string[]) => {
  const line = new TypedLine();
  for (const part of parts) {
    const result = line.feed(new TextEncoder().encode(part));
    if (result !== undefined) return result;
  }
  return undefined;
};

Deno.test("a line is whole at its end, however it comes in", () => {
  assertEquals(typed("secret\n"), { line: "secret" });
  assertEquals(typed("sec", "ret", "\rmore"), { line: "secret" });
  assertEquals(typed("\n"), { line: "" });
  assertEquals(typed("secret"), undefined);
});

Deno.test("keys erase a character, all of it, or the line", () => {
  assertEquals(typed("aß\x7fb\n"), { line: "ab" });
  assertEquals(typed("a\x7f\x7f\x08b\n"), { line: "b" });
  assertEquals(typed("wrong\x15right\n"), { line: "right" });
});

Deno.test("Ctrl-D ends what is typed, or the line where there is one", () => {
  assertEquals(typed("\x04"), "ended");
  assertEquals(typed("a\x7f\x04"), "ended");
  assertEquals(typed("ab\x04"), { line: "ab" });
});

Deno.test("a line has an end, whoever types", () => {
  const line = new TypedLine();
  for (let i = 0; i < 100; i++) line.feed(new Uint8Array(1000).fill(97));
  assertEquals((line.feed(Uint8Array.of(10)) as { line: string }).line.length, 4096);
});
