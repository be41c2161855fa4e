import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { asWanted, lineOf, outcomeOfNc, type Tried, triesOf } from "./reach.ts";

const tried: Tried = { ...triesOf("office", "vault")[1]!, allowed: true, outcome: "open" };

Deno.test("a connection that arrives is wanted where the rules allow it, and nowhere else", () => {
  assert(asWanted(tried));
  assert(asWanted({ ...tried, outcome: "refused" }));
  assert(!asWanted({ ...tried, outcome: "silent" }));
  assert(asWanted({ ...tried, allowed: false, outcome: "silent" }));
  assert(!asWanted({ ...tried, allowed: false, outcome: "refused" }));
  assertStringIncludes(lineOf({ ...tried, outcome: "silent" }), "WRONG");
  assertStringIncludes(lineOf(tried), "thinclient to office:22");
});

Deno.test("what nc says becomes an outcome", () => {
  assertEquals(outcomeOfNc(0, ""), "open");
  assertEquals(outcomeOfNc(1, "nc: can't connect to remote host: Connection refused"), "refused");
  assertEquals(outcomeOfNc(1, "nc: timed out"), "silent");
});
