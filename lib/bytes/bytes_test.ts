import { assertEquals } from "@std/assert";
import { utf8Length } from "./bytes.ts";

Deno.test("the length of a text in UTF-8 is that of its bytes", () => {
  const texts = ["", "a", "é", "ü".repeat(9), "世界", "\u07ff\u0800\uffff", "a🙂b", "🙂🙂"];
  const lengths = texts.map((text) => new TextEncoder().encode(text).length);
  assertEquals(texts.map(utf8Length), lengths);
});
