import { assertEquals } from "@std/assert";
import { screenful } from "./screen.ts";

Deno.test("a screenful replaces line by line and erases only what is behind it", () => {
  const text = "head\nrow one\nrow two\n";
  assertEquals(
    screenful(text, { columns: 5, rows: 24 }),
    "\x1b[Hhead\x1b[K\nrow o\x1b[K\nrow t\x1b[K\n\x1b[J",
  );
  assertEquals(
    screenful(text, { columns: 80, rows: 3 }),
    "\x1b[Hhead\x1b[K\nand 2 lines more\x1b[K\n\x1b[J",
  );
  assertEquals(screenful(text, { columns: 80, rows: 1 }), "\x1b[Hand 3 lines more\x1b[K\n\x1b[J");
});
