import { assertEquals } from "@std/assert";
import { shownUrl } from "./shown_url.ts";

Deno.test("shownUrl hides user, password and query, and control characters", () => {
  assertEquals(shownUrl("https://u:p@a.org/x?k=v#f"), "https://***@a.org/x?***#f");
  assertEquals(shownUrl("https://u:p@w@a.org/x@y"), "https://***@a.org/x@y");
  assertEquals(shownUrl("/a?b\x1b"), "/a?b\\x1b");
});
