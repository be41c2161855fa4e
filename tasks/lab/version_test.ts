import { assertEquals, assertThrows } from "@std/assert";
import { compareVersions, isVersion } from "../../lib/apk/version.ts";
import { apkVersion } from "./version.ts";

const PAIRS: readonly (readonly [debian: string, apk: string])[] = [
  ["1.8.9-2", "1.8.9-r20000"],
  ["1:9.2p1-2+deb12u10", "9.2_p1-r21000"],
  ["2.36-9+deb12u14", "2.36-r91400"],
  ["252.39-1~deb12u2", "252.39-r5200"],
  ["1:1.35.0-4+deb12u1+b1", "1.35.0-r40101"],
  ["30+20221128-1", "30_p20221128-r10000"],
  ["3.1-20221030-2", "3.1_p20221030-r20000"],
  ["1.1.1w-0+deb11u1", "1.1.1w-r100"],
  ["2.0~rc1-1", "2.0_rc1-r10000"],
  ["6.4", "6.4"],
  ["1.48~", "1.48_alpha"],
  ["1:1.2.13.dfsg-1", "1.2.13_p-r10000"],
];

Deno.test("Debian's versions become apk's", () => {
  for (const [debian, apk] of PAIRS) assertEquals(apkVersion(debian), apk);
});

/** Each list is in Debian's order (dpkg --compare-versions). */
const ORDERED: readonly (readonly string[])[] = [
  ["1.0~", "1.0~rc1-1", "1.0", "1.0-1", "1.0-2~deb12u1", "1.0-2", "1.0-2+b1", "1.0-2+deb12u1"],
  ["9.1p1-3", "9.2", "9.2p1", "9.2p1-1", "9.2p1-2+deb12u1", "9.2p1-2+deb12u10", "9.10-1"],
  ["6.1.176-1", "6.1.192-2"],
  ["2.11-20080614", "2.11-20080614-1", "2.12-1"],
];

Deno.test("the order of Debian's versions stays", () => {
  for (const list of ORDERED) {
    for (let i = 1; i < list.length; i++) {
      const [a, b] = [apkVersion(list[i - 1]!), apkVersion(list[i]!)];
      assertEquals(compareVersions(a, b), -1, `${list[i - 1]} (${a}) < ${list[i]} (${b})`);
    }
  }
});

Deno.test("whatever stands in a version, apk accepts what comes out", () => {
  const odd = ["3:6.04~git20190206.bf6db5b4+dfsg1-3", "0~20230101-1", "2022.1.0ubuntu3-4build2"];
  odd.push("1.2.3+really4.5+20200101123456789012345-1", "4:12.2.0-14+deb12u1", "7.0.10~+~cs1");
  for (const version of odd) {
    assertEquals(isVersion(apkVersion(version)), true, apkVersion(version));
  }
});

Deno.test("a version that begins with no digit is refused", () => {
  assertThrows(() => apkVersion("next-1"), RangeError, 'Cannot map version "next-1"');
});
