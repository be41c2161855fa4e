import { assertEquals } from "@std/assert";
import { readScript } from "./shell_subset.ts";

function lists(body: string) {
  return readScript(`#!/bin/sh\n${body}`)?.lists.map((list) =>
    list.map((c) => [c.after, ...c.argv].join(" "))
  );
}

Deno.test("simple commands, lists, comments and line joins are understood", () => {
  assertEquals(
    lists("# a\n\naddgroup -S a 2>/dev/null # b\nadduser \\\n  -S x >/dev/null 2>&1; exit 0"),
    [["always addgroup -S a"], ["always adduser -S x"], ["always exit 0"]],
  );
  assertEquals(lists("a || b && c\nd ||\n\n  e"), [
    ["always a", "failure b", "success c"],
    ["always d", "failure e"],
  ]);
  assertEquals(lists("echo 'a b' \"c d\" e'f'\"g\" ''"), [["always echo a b c d efg "]]);
});

Deno.test("the interpreter must be the shell", () => {
  assertEquals(readScript("#!/bin/sh -e\ntrue\n")?.errexit, true);
  assertEquals(readScript("#!/bin/busybox sh\ntrue\n")?.errexit, false);
  assertEquals(readScript("#!/bin/sh")?.lists, []);
  for (
    const first of ["", "#!/usr/bin/lua", "#!/bin/bash", "#!/bin/sh -x", "#!/bin/sh/x", "true"]
  ) {
    assertEquals(readScript(`${first}\ntrue\n`), undefined, first);
  }
});

Deno.test("what needs a real shell is not understood", () => {
  const bodies = [
    "rm -rf $HOME",
    "rm `ls`",
    "echo $(id)",
    'echo "$1"',
    'echo "`id`"',
    'echo "a\\"b"',
    "echo 'a\nb'",
    "echo 'a",
    "ls *",
    "ls ?",
    "ls [a]",
    "ls {a,b}",
    "ls ~",
    "a | b",
    "a & b",
    "a &",
    "a > /etc/passwd",
    "a >> /dev/null",
    "a >/dev/null/x",
    "a < /etc/passwd",
    "a <<EOF\nb\nEOF",
    "a 2>&3",
    "(a)",
    "! a",
    "A=b",
    "A=b c",
    "a;;b",
    "; a",
    "&& a",
    "a &&",
    "a || || b",
    "a\\b",
    "a#b 'c'$d",
    "a\r",
    "a\0",
    "\u00e9",
    ">/dev/null",
  ];
  for (const body of bodies) assertEquals(lists(body), undefined, body);
});

Deno.test("a huge script is not looked at, and long lines cost no more than their length", () => {
  assertEquals(lists("true\n".repeat(20_000)), undefined);
  assertEquals(lists(`echo ${"a".repeat(60_000)}`)?.length, 1);
  assertEquals(lists(`echo ${"'".repeat(60_001)}`), undefined);
});
