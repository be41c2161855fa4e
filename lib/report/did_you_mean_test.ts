import { assertEquals } from "@std/assert";
import { didYouMean, editDistance, nearest } from "./did_you_mean.ts";

Deno.test("the distance counts letters left out, added, changed and swapped", () => {
  for (
    const [a, b, distance] of [
      ["", "", 0],
      ["", "abc", 3],
      ["timezone", "time-zone", 1],
      ["biuld", "build", 1],
      ["kitten", "sitting", 3],
      ["ab", "ba", 1],
      ["abc", "xyz", 3],
    ] as const
  ) {
    assertEquals(editDistance(a, b), distance, `${a} ${b}`);
    assertEquals(editDistance(b, a), distance, `${b} ${a}`);
  }
});

Deno.test("the nearest word is meant, none where nothing is near", () => {
  const known = ["timezone", "keyboard-layout", "lang", "online", "offline"];
  assertEquals(nearest("time-zone", known), "timezone");
  assertEquals(nearest("Lang", known), "lang");
  assertEquals(nearest("ofline", known), "offline");
  for (const word of ["", "x", "ab", "password", "timezone".repeat(100)]) {
    assertEquals(nearest(word, known), undefined, word);
  }
  assertEquals(nearest("lang", ["lang"]), undefined);
  assertEquals(didYouMean("tiemzone", known), '; did you mean "timezone"?');
  assertEquals(didYouMean("x", known), "");
});
