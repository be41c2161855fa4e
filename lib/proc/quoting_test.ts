import { assertEquals, assertNotMatch } from "@std/assert";
import { quoteArgv } from "./quoting.ts";

Deno.test("quoteArgv leaves plain words as they are", () => {
  assertEquals(quoteArgv(["mke2fs", "-t", "ext4", "a/b.img", "x=1"]), "mke2fs -t ext4 a/b.img x=1");
});

Deno.test("quoteArgv quotes what a shell would expand, and the empty word", () => {
  assertEquals(quoteArgv(["echo", "$HOME", "a b", "", "it's"]), `echo '$HOME' 'a b' '' 'it'\\''s'`);
});

Deno.test("quoteArgv quotes a program name that looks like an assignment", () => {
  assertEquals(quoteArgv(["a=b", "c=d"]), "'a=b' c=d");
});

Deno.test("quoteArgv never shows a secret word", () => {
  assertEquals(quoteArgv(["openssl", "passwd", "hunter2"], [2]), "openssl passwd ***");
});

Deno.test("quoteArgv never emits a control character that drives a terminal", () => {
  const shown = quoteArgv(["echo", "a\x1b[31m\u202eb"]);
  assertNotMatch(shown, /[\x1b\u202e]/);
  assertEquals(shown, `echo 'a'"$(printf '\\033')"'[31m'"$(printf '\\342\\200\\256')"'b'`);
});
