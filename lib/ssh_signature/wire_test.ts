import { assertEquals, assertThrows } from "@std/assert";
import { armored, sshString, uint32, unarmored, WireReader } from "./wire.ts";

Deno.test("a name of the wire is plain text: what drives a terminal is refused", () => {
  assertEquals(new WireReader(sshString("~ plain!")).text(), "~ plain!");
  for (const bad of ["a\x1b[2J", "a\nb", "\x7f", "\xe9", "\0"]) {
    const reader = new WireReader(sshString(Uint8Array.from(bad, (c) => c.charCodeAt(0))));
    assertThrows(() => reader.text(), RangeError, "no plain text");
  }
});

Deno.test("a string that says it is longer than what is left is refused", () => {
  assertEquals(new WireReader(sshString("abc")).string().length, 3);
  for (const length of [4, 0xffffffff]) {
    const bytes = new Uint8Array([...uint32(length), 1, 2, 3]);
    assertThrows(() => new WireReader(bytes).string(), RangeError, "too early");
  }
  assertThrows(() => new WireReader(new Uint8Array(3)).uint32(), RangeError, "too early");
});

Deno.test("an armored block has its label, base64, and nothing around it", () => {
  const bytes = Uint8Array.from({ length: 200 }, (_, i) => i);
  const text = armored(bytes, "A B");
  assertEquals(text.split("\n").map((line) => line.length).slice(1, 5), [70, 70, 70, 58]);
  assertEquals(unarmored(text, "A B"), bytes);
  assertEquals(unarmored(text.replaceAll("\n", "\r\n"), "A B"), bytes);
  for (const bad of [`x${text}`, `${text}x`, text.replace("A B", "A"), text.slice(0, -9)]) {
    assertEquals(unarmored(bad, "A B"), undefined);
  }
});
