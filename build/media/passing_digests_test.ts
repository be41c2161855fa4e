import { assertEquals } from "@std/assert";
import { digestOf, hexOf } from "../../lib/bytes/digest.ts";
import { PassingDigests } from "./passing_digests.ts";

Deno.test("parts of what passes by are hashed each, whatever lies between them", () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
  const parts = [{ offset: 0, length: 10 }, { offset: 20, length: 1 }, { offset: 21, length: 79 }];
  const digests = new PassingDigests(parts);
  const pieces = [[0, 4], [4, 10], [10, 15], [15, 20], [20, 21], [21, 60], [60, 100]] as const;
  for (const [from, to] of pieces) digests.update(bytes.subarray(from, to), from);
  assertEquals(
    digests.result,
    parts.map(({ offset, length }) => hexOf(digestOf(bytes.subarray(offset, offset + length)))),
  );
});
