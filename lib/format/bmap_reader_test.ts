import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { formatBmap } from "./bmap.ts";
import { parseBmap } from "./bmap_reader.ts";

const RANGES = [
  { first: 0, last: 0, sha256: "a".repeat(64) },
  { first: 5, last: 9, sha256: "b".repeat(64) },
];

Deno.test("what is written is read back", () => {
  const text = formatBmap(40_000, RANGES);
  assertEquals(parseBmap(text, "x.bmap"), { imageSize: 40_000, ranges: RANGES });
});

Deno.test("a map that was changed, or contradicts itself, is refused", () => {
  const text = formatBmap(40_000, RANGES);
  const cases: [string, string][] = [
    [text.replace("5-9", "5-8"), "its checksum is wrong"],
    [text.replace("sha256 ", "sha1 "), "are not SHA-256"],
    [text.replace("4096 ", "512 "), "its blocks are not 4096"],
    ["", "its version is not 2"],
  ];
  for (const [bad, cause] of cases) assertThrows(() => parseBmap(bad, "x.bmap"), TowerError, cause);
});
