import { assertEquals } from "@std/assert";
import { redirectTarget, takeCredentials } from "./redirect.ts";

Deno.test("a redirect never leads from https to http, nor out of HTTP", () => {
  const target = (from: string, to: string) => redirectTarget(new URL(from), to)?.href;
  assertEquals(target("https://a.org/x", "/y"), "https://a.org/y");
  assertEquals(target("https://a.org/x", "https://b.org/"), "https://b.org/");
  assertEquals(target("http://a.org/x", "https://b.org/"), "https://b.org/");
  assertEquals(target("http://a.org/x", "//b.org/z"), "http://b.org/z");
  assertEquals(target("https://a.org/x", "http://a.org/x"), undefined);
  assertEquals(target("http://a.org/x", "file:///etc/passwd"), undefined);
  assertEquals(target("http://a.org/x", "data:,x"), undefined);
  assertEquals(target("http://a.org/x", "http://["), undefined);
});

Deno.test("takeCredentials decodes them and leaves none in the URL", () => {
  const url = new URL("https://us%40er:p%25@a.org/x");
  assertEquals(takeCredentials(url), btoa("us@er:p%"));
  assertEquals(url.href, "https://a.org/x");
  assertEquals(takeCredentials(url), undefined);
  assertEquals(takeCredentials(new URL("https://50%@a.org/")), btoa("50%:"));
});
