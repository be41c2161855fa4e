import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { TowerError } from "../../../lib/errors.ts";
import { tempDir } from "../../../lib/files/files.ts";
import { startPartDigests } from "../../../lib/files/part_digests.ts";
import { randomNumbers } from "../../support/program/random_numbers.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const ALWAYS = 0, NEVER = Infinity;

Deno.test("parts of a file have the digests of their bytes, here and in a worker", async () => {
  using dir = tempDir();
  const path = `${dir.path}/file`;
  const random = randomNumbers(5);
  const bytes = Uint8Array.from({ length: (3 << 20) + 7 }, () => random.below(256));
  Deno.writeFileSync(path, bytes);
  const padded = new Uint8Array(4 << 20);
  padded.set(bytes);
  const parts = [
    { offset: 0, length: 1 },
    { offset: 4096, length: 2 << 20 },
    { offset: 4097, length: 0 },
    { offset: 1 << 20, length: 3 << 20 }, // a megabyte of it behind the end
  ];
  const expected = parts.map((p) => sha256(padded.subarray(p.offset, p.offset + p.length)));
  for (const worthWorker of [ALWAYS, NEVER]) {
    using digests = startPartDigests(path, parts, worthWorker);
    assertEquals(await digests.result, expected);
  }
});

Deno.test("a worker that cannot read a file says so as the caller's own thread would", async () => {
  using dir = tempDir();
  const path = `${dir.path}/none`;
  const errors = await Promise.all([ALWAYS, NEVER].map((worthWorker) =>
    assertRejects(async () => {
      using digests = startPartDigests(path, [{ offset: 0, length: 1 }], worthWorker);
      await digests.result;
    }, TowerError)
  ));
  assertEquals(errors.map((e) => e.code), ["not-found", "not-found"]);
  assertEquals(errors[0]!.message, errors[1]!.message);
});

Deno.test("hashing that nobody waits for any more ends with its owner", () => {
  using dir = tempDir();
  const path = `${dir.path}/sparse`;
  Deno.writeFileSync(path, new Uint8Array());
  Deno.truncateSync(path, 2 ** 40); // hours of hashing: the test ends only if the work does
  using _ = startPartDigests(path, [{ offset: 0, length: 2 ** 40 }], ALWAYS);
});
