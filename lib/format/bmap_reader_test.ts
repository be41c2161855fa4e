import { createHash } from "node:crypto";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { formatBmap } from "./bmap.ts";
import { parseBmap } from "./bmap_reader.ts";

const RANGES = [
  { first: 0, last: 0, sha256: "a".repeat(64) },
  { first: 5, last: 9, sha256: "b".repeat(64) },
];

/** A text with the checksum that it has to have. */
function sealed(text: string): string {
  const blank = text.replace(/(<BmapFileChecksum> )[0-9a-f]{64}/, `$1${"0".repeat(64)}`);
  const sum = createHash("sha256").update(blank).digest("hex");
  return blank.replace(/(<BmapFileChecksum> )0{64}/, `$1${sum}`);
}

Deno.test("what is written is read back", () => {
  const text = formatBmap(40_000, RANGES);
  assertEquals(parseBmap(text, "x.bmap"), { imageSize: 40_000, ranges: RANGES });
});

Deno.test("a map that was changed, or contradicts itself, is refused", () => {
  const text = formatBmap(40_000, RANGES);
  const cases: [string, string][] = [
    [text.replace("5-9", "5-8"), "its checksum is wrong"],
    [text.replace("sha256 ", "sha1 "), 'its checksums are of "sha1"'],
    [text.replace("4096 ", "512 "), "its blocks have 512 bytes"],
    [text.replace('"2.0"', '"1.3"'), "it is of format 1.3"],
    [text.replaceAll(/ chksum="[^"]*"/g, ""), "its ranges have no checksums"],
    [sealed(text.replace("<BlocksCount> 10 ", "<BlocksCount> 11 ")), "another size"],
    [sealed(text.replace("5-9", "5-8")), "its count of blocks is wrong"],
    [sealed(text.replace("5-9", "5-10")), "its ranges overlap"],
    ["", "it says no version"],
  ];
  for (const [bad, cause] of cases) {
    const error = assertThrows(() => parseBmap(bad, "x.bmap"), TowerError, cause);
    assertStringIncludes(error.hint!, "Take the map away", cause);
  }
});
