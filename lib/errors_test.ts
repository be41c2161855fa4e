import { assertEquals } from "@std/assert";
import { exitCodeOf, formatError, printable, TowerError } from "./errors.ts";

Deno.test("formatError() shows message, causes and hint, and no stack", () => {
  const error = new TowerError("tool", 'Cannot run "x"', {
    cause: new Error("gone"),
    hint: "install it",
  });
  assertEquals(formatError(error), 'error: Cannot run "x"\n  because: gone\n  hint: install it');
});

Deno.test("exitCodeOf() tells usage, interruption and failure apart", () => {
  assertEquals(exitCodeOf(new TowerError("usage", "x")), 2);
  assertEquals(exitCodeOf(new TowerError("interrupted", "x")), 130);
  assertEquals(exitCodeOf(new TowerError("malformed", "x")), 1);
  assertEquals(exitCodeOf("thrown text"), 1);
});

Deno.test("printable() lets no control character reach a terminal", () => {
  assertEquals(printable("a\x1b[31m\x9b\r\u202e"), "a\\x1b[31m\\x9b\\x0d\\x202e");
  assertEquals(printable("line\n\ttab é"), "line\n\ttab é");
});
