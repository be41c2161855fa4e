import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { licenseOf } from "./license.ts";

const expression = (field: string) => licenseOf(field).expression;

Deno.test("a licence that SPDX knows stays, in SPDX's spelling", () => {
  for (
    const [field, expected] of [
      ["MIT", "MIT"],
      ["gpl-2.0-only", "GPL-2.0-only"],
      ["GPL-2.0+", "GPL-2.0+"],
      ["Apache-2.0+", "Apache-2.0+"],
      ["MIT AND BSD-2-Clause", "MIT AND BSD-2-Clause"],
      ["(MIT or ISC) and Zlib", "(MIT OR ISC) AND Zlib"],
      ["Apache-2.0 WITH LLVM-exception OR MIT", "Apache-2.0 WITH LLVM-exception OR MIT"],
      ["", "NOASSERTION"],
      ["  ", "NOASSERTION"],
      ["NOASSERTION", "NOASSERTION"],
      ["none", "NOASSERTION"],
    ]
  ) {
    assertEquals(expression(field!), expected);
    assertEquals(licenseOf(field!).references.size, 0);
  }
});

Deno.test("what SPDX does not know becomes a reference to its text", () => {
  assertEquals(licenseOf("custom"), {
    expression: "LicenseRef-custom",
    references: new Map([["LicenseRef-custom", "custom"]]),
  });
  assertEquals(expression("MIT AND custom"), "MIT AND LicenseRef-custom");
  assertEquals(expression("LicenseRef-own AND MIT"), "LicenseRef-own AND MIT");
  for (const field of ["MIT BSD", "GPL-2.0-only WITH nonsense", "(MIT", "MIT AND", "AND", "a,b"]) {
    const { expression, references } = licenseOf(field);
    assertMatch(expression, /^LicenseRef-[A-Za-z0-9.-]+$/);
    assertEquals([...references], [[expression, field]]);
  }
  assertNotEquals(expression("a,b"), expression("a;b"));
});

Deno.test("a hostile licence field ends in a reference, soon", () => {
  for (
    const field of ["(".repeat(100_000), "MIT OR ".repeat(100_000), "\x00\u202e", "x".repeat(1e6)]
  ) {
    const { expression } = licenseOf(field);
    assertMatch(expression, /^LicenseRef-[A-Za-z0-9.-]+$/);
    assert(expression.length < 100);
  }
});
