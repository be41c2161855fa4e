import { assertEquals, assertStringIncludes } from "@std/assert";
import { labHint } from "./lab_hint.ts";

Deno.test("a program that is not run from a clone advises none of its tasks", () => {
  assertStringIncludes(labHint(true), "deno task lab");
  assertEquals(labHint(false).includes("deno task"), false);
  assertStringIncludes(labHint(false), "--repository URL");
});
