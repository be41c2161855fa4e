import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { type BundleDocument, formatDocument, parseDocument, plainUrl } from "./document.ts";

const GOOD: BundleDocument = {
  format: 1,
  for: [
    { arch: "x86_64", packages: ["curl=8.5.0-r0"] },
    { host: "vault", arch: "x86_64", packages: ["wget", "mc@edge"] },
  ],
  repositories: [{ url: "https://example.org:8443/alpine/v3.19/main", arch: "x86_64" }],
};

Deno.test("what a bundle says of itself is read as it was written", () => {
  assertEquals(parseDocument(formatDocument(GOOD), "it"), GOOD);
});

Deno.test("whatever else a document says is refused", () => {
  const [any, vault] = GOOD.for, [main] = GOOD.repositories;
  const wrong: readonly object[] = [
    { format: 2 },
    { more: 1 },
    { for: [] },
    { for: [any, { ...vault, host: "../x" }] },
    { for: [{ ...vault, packages: [] }] },
    { for: [{ ...vault, packages: ["!wget"] }] },
    { for: [{ ...vault, packages: ["w\u202eget"] }] },
    { for: [{ ...vault, packages: ["w get"] }] },
    { for: [{ ...vault, more: 1 }] },
    { repositories: [] },
    { repositories: [{ ...main, arch: "../x86" }] },
    ...[
      "https://user:word@example.org/main",
      "https://example.org/main?x",
      "https://example.org/main#x",
      "https://example.org/main/",
      "https://example.org/m ain",
      "https://ex\u202eample.org/main",
      "file:///main",
      "/main",
      "https://",
    ].map((url) => ({ repositories: [{ ...main, url }] })),
  ];
  for (const part of wrong) {
    const text = JSON.stringify({ ...GOOD, ...part });
    assertThrows(() => parseDocument(text, "it"), TowerError, "Cannot read it");
  }
  assertThrows(() => parseDocument('{"format":1,"format":1}', "it"), TowerError, "it is not JSON");
});

Deno.test("a URL loses who comes and nothing else", () => {
  assertEquals(plainUrl("https://user:word@example.org/a@b"), "https://example.org/a@b");
  assertEquals(plainUrl("http://example.org/a@b"), "http://example.org/a@b");
});
