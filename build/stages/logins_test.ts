import { assertEquals, assertStringIncludes } from "@std/assert";
import { inlineOnly, smallTree } from "../../tests/support/tree/small_tree.ts";
import { loginWarning } from "./logins.ts";

const users = (password: string) => [{ name: "root", password }];
const tree = (hash: string, keys?: string, shell = "/bin/sh") =>
  smallTree({
    "etc/passwd": `root:x:0:0:root:/root:${shell}\nguest:x:405:100:guest:/dev/null:/sbin/nologin\n`,
    "etc/shadow": `root:${hash}::0:::::\nguest:!::0:::::\n`,
    "bin/sh": "",
    ...(keys === undefined ? {} : { "root/.ssh/authorized_keys": keys }),
  });

Deno.test("a disk that lets nobody in is told", () => {
  for (
    const shut of [tree("*"), tree("*", ""), tree("!*", "key"), tree("$6$a$b", "k", "/bin/false")]
  ) {
    assertStringIncludes(loginWarning(users("none"), shut, inlineOnly)!, "nobody can log in");
  }
  for (const open of [tree("*", "key"), tree("$6$a$b"), tree("")]) {
    assertEquals(loginWarning(users("none"), open, inlineOnly), undefined);
  }
});

Deno.test("a user whose shell is not in the image is told, also beside others who can log in", () => {
  const warned = loginWarning(users("none"), tree("*", "key", "/bin/bash"), inlineOnly);
  assertStringIncludes(warned!, '"root" has the shell "/bin/bash", which the image lacks');
  assertEquals(loginWarning(users("none"), tree("*", "key", ""), inlineOnly), undefined);
});

Deno.test("who names no user, or locks every one, is told nothing", () => {
  assertEquals(loginWarning(users("locked"), tree("!*"), inlineOnly), undefined);
  assertEquals(loginWarning([], tree("*"), inlineOnly), undefined);
});
