import { assertEquals } from "@std/assert";
import { lineChanges } from "./line_changes.ts";

const shown = (before: string, after: string) =>
  lineChanges([...before], [...after]).map(({ kind, line }) =>
    (kind === "added" ? "+" : "-") + line
  )
    .join(" ");

Deno.test("lineChanges() tells the lines that go and come, in their order", () => {
  assertEquals(shown("abc", "abc"), "");
  assertEquals(shown("", "ab"), "+a +b");
  assertEquals(shown("ab", ""), "-a -b");
  assertEquals(shown("abcd", "axcd"), "-b +x");
  assertEquals(shown("ab", "ba"), "-a +a");
});
