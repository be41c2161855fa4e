import { assert, assertEquals } from "@std/assert";
import { isGlob, matchesGlob } from "./glob.ts";

const CASES: readonly [pattern: string, text: string, matches: boolean][] = [
  ["virtio_*", "virtio_blk", true],
  ["virtio_*", "virtio", false],
  ["*", "", true],
  ["a?c", "abc", true],
  ["a?c", "ac", false],
  ["*_*_x", "a_b_c_x", true],
  ["crc32c-*", "crc32c-intel", true],
  [
    "cpu:type:x86,ven*fam*mod*:feature:*0081*",
    "cpu:type:x86,ven0fam6mod9:feature:,0080,0081,",
    true,
  ],
  ["[a-c]x", "bx", true],
  ["[!a-c]x", "bx", false],
  ["[!a-c]x", "dx", true],
  ["[]a]x", "]x", true],
  ["[a", "[a", true],
];

for (const [pattern, text, matches] of CASES) {
  Deno.test(`"${pattern}" ${matches ? "matches" : "does not match"} "${text}"`, () => {
    assertEquals(matchesGlob(pattern, text), matches);
  });
}

Deno.test("nothing but itself matches the character to stop at", () => {
  assert(matchesGlob("kernel/*/x.ko", "kernel/fs/x.ko", "/"));
  assert(!matchesGlob("kernel/*.ko", "kernel/fs/x.ko", "/"));
  assert(!matchesGlob("a?b", "a/b", "/"));
  assert(!matchesGlob("a[!x]b", "a/b", "/"));
});

Deno.test("a pattern made to be slow is not", () => {
  const start = performance.now();
  assert(!matchesGlob("*a".repeat(500), "a".repeat(5000) + "b"));
  assert(performance.now() - start < 2000);
});

Deno.test("a plain name is no pattern", () => {
  assert(!isGlob("virtio_blk"));
  assert(isGlob("virtio_*") && isGlob("sd?") && isGlob("[ab]"));
});
