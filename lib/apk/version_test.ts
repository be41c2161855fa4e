import { assert, assertEquals } from "@std/assert";
import { compareVersions, isVersion, relationOf, splitNameVersion } from "./version.ts";

/**
 * Rising chains: each version is below all that follow it in its line. Every pair of a line is
 * compared both ways.
 */
const CHAINS: readonly string[] = [
  "0 1 2 9 10 11 99 100 999999999999999 1000000000000000 9007199254740993 99999999999999999",
  "1 1.0 1.0.0 1.0.0.0",
  "1 1.1 1.1.1 1.2 1.10 2 2.0.1 10 10.0",
  "0.9 0.10 0.99 0.100 1",
  "1.0000 1.000 1.00 1.0 1.1",
  "1.001 1.002 1.0015 1.0 1.01 1.02 1.010 1.1",
  "1.009 1.08 1.09 1.010 1.010a",
  "8.2.001 8.2.002 8.2.0015 8.2.0 8.2.01 8.2.1",
  "1 1a 1b 1z 2 2a",
  "1.0 1.0a 1.0b 1.0.1",
  "1a 1a1 1a2 1a10 1b",
  "1_alpha 1_alpha1 1_alpha2 1_alpha10 1_beta 1_beta3 1_pre 1_pre1 1_rc 1_rc1 1_rc12 1",
  "1 1_cvs 1_cvs20240101 1_svn 1_git 1_git1 1_git20240102 1_hg 1_hg9 1_p 1_p1 1_p10",
  "1_alpha-r0 1_beta-r0 1_pre-r0 1_rc-r0 1-r0 1_cvs-r0 1_p-r0",
  "1_alpha 1_alpha-r0 1_alpha-r1 1_alpha1 1_alpha1-r0 1_alpha2 1_alpha_p1",
  "1_alpha_alpha 1_alpha_rc 1_alpha 1_alpha_p 1_beta_alpha 1_beta",
  "1_p1_rc1 1_p1 1_p1_p1 1_p2",
  "1_git20211231 1_git20220101 1_git20220219-r0 1_git20220219-r2 1_git20220219-r10",
  "1-r0 1-r1 1-r2 1-r9 1-r10 1-r100",
  "1 1-r0 1_p 1a 1.0",
  "1.2.3_alpha 1.2.3_rc 1.2.3 1.2.3-r0 1.2.3_git 1.2.3a 1.2.3.0",
  "11.2.1_git20220219-r2 11.2.1_git20220219-r3 11.2.1_git20220220-r0 11.2.2-r0",
  "0_git20201229 0_git20210105 0.1",
  "2.9 2.9.1 2.10_rc1 2.10 2.10.1_beta 2.10.1",
  "20200101 20200102 20210101 202101010",
  "20240101123456 20240101123457 20240101123457.1",
  "3.0.0_alpha20200101 3.0.0_alpha20200102-r1 3.0.0_beta1 3.0.0",
  "4.4.2_p1 4.4.2_p1-r1 4.4.2_p2 4.4.3",
  "5.15.80-r0 5.15.81-r0 6.1.0-r0",
  "1.1.1q-r0 1.1.1s-r0 1.1.1s-r1 1.1.1t-r0 3.0.7-r0",
  "0.0.0_git 0.0.1 0.1 1_rc 1",
];

Deno.test("versions rise along every chain, and compare the same both ways", () => {
  let pairs = 0;
  for (const line of CHAINS) {
    const versions = line.split(" ");
    for (let i = 0; i < versions.length; i++) {
      for (let j = 0; j < versions.length; j++) {
        const [a, b] = [versions[i]!, versions[j]!];
        assertEquals(compareVersions(a, b), Math.sign(i - j), `${a} against ${b}`);
        pairs++;
      }
    }
  }
  assert(pairs > 800, `${pairs} pairs`);
});

Deno.test("zeros before the first number do not count, zeros after a dot do", () => {
  assertEquals(compareVersions("007", "7"), 0);
  assertEquals(compareVersions("1.07", "1.7"), -1);
  assertEquals(compareVersions("1.0", "1.00"), 1);
});

Deno.test("versions that are equal without being spelled alike", () => {
  for (const [a, b] of ["007 7", "01 1", "1_p01 1_p1", "1-r01 1-r1"].map((p) => p.split(" "))) {
    assertEquals(compareVersions(a!, b!), 0, `${a} against ${b}`);
  }
});

const VALID = "0 1 01 1.2 1.02 1a 1.2a 1a1 1_p 1_p1 1_alpha1_p2 1-r0 1.2.3a_rc4_p5-r678 " +
  "20240101123456 99999999999999999 1..2 1. 1_ a 1-r 1-r0-r1 v1";
const INVALID = "1-1 1-s0 1_foo 1_p1a 1-r0.1 1-r0_p1 1ab 1A 1~abc 1.2~3 1+2 1:2 1/2 " +
  "../1 999999999999999999 1_p999999999999999999 1\u00e9 1\t";

Deno.test("what is a version and what is none", () => {
  for (const text of VALID.split(" ")) assert(isVersion(text), text);
  for (const text of INVALID.split(" ")) assert(!isVersion(text), text);
  for (const text of ["", " ", "1 2", "1\n", "1\0"]) assert(!isVersion(text), JSON.stringify(text));
});

Deno.test("a fuzzy comparison ends where the shorter one ends", () => {
  const equal = (a: string, b: string) => relationOf(a, b, true) === 1;
  assert(equal("1.2.3-r4", "1.2"));
  assert(equal("1.2.3-r4", "1.2.3"));
  assert(equal("1.2", "1.2.3"));
  assert(equal("1.2_rc1", "1.2"));
  assert(!equal("1.20", "1.2"));
  assert(!equal("1.3", "1.2"));
});

Deno.test("a long version takes no longer than its length", () => {
  const long = "1" + ".1".repeat(200_000);
  const start = performance.now();
  assertEquals(compareVersions(long, long + ".1"), -1);
  assert(isVersion(long));
  assert(performance.now() - start < 1000);
});

Deno.test("name and version are split before the version's first number", () => {
  assertEquals(splitNameVersion("foo-1.2-r3"), { name: "foo", version: "1.2-r3" });
  assertEquals(splitNameVersion("foo-bar-1.2"), { name: "foo-bar", version: "1.2" });
  assertEquals(splitNameVersion("py3-3to2-1.0-r0"), { name: "py3-3to2", version: "1.0-r0" });
  assertEquals(splitNameVersion("gtk+3.0-3.24-r0"), { name: "gtk+3.0", version: "3.24-r0" });
  assertEquals(splitNameVersion("foo-bar"), undefined);
  assertEquals(splitNameVersion("foo-1-a-b"), undefined);
  assertEquals(splitNameVersion("-1"), undefined);
  assertEquals(splitNameVersion(""), undefined);
});
