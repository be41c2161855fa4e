import { assert, assertEquals, assertRejects } from "@std/assert";
import { zipFile, type ZipPart } from "../../tests/support/format/zip_file.ts";
import { randomNumbers } from "../../tests/support/program/random_numbers.ts";
import { concat, memorySource } from "../bytes/bytes.ts";
import { inOneBreath } from "../breathe.ts";
import { TowerError } from "../errors.ts";
import type { RawEntry } from "./entry.ts";
import { readZip } from "./zip_reader.ts";

const LIMITS = { entries: 10, content: 1 << 20 };

/** What an archive holds: each entry with its content. */
async function read(bytes: Uint8Array, limits = LIMITS): Promise<[RawEntry, string][]> {
  const found: [RawEntry, string][] = [];
  let parts: Uint8Array[] = [];
  let last: RawEntry | undefined;
  await readZip(
    memorySource(bytes),
    {
      entry(raw) {
        last = raw;
        parts = [];
      },
      content: (piece) => void parts.push(piece.slice()),
      end: () => void found.push([last!, new TextDecoder().decode(concat(parts))]),
    },
    limits,
    inOneBreath,
  );
  return found;
}

const SAMPLE: readonly ZipPart[] = [
  { name: "a/", mode: 0o040750, method: 0 },
  { name: "a/stored", text: "stored", method: 0, mode: 0o100755 },
  { name: "a/packed", text: "packed ".repeat(20_000) },
  { name: "a/link", text: "packed", mode: 0o120777, method: 0 },
  { name: "empty", method: 0 },
];

Deno.test("files, folders and links of a zip come back in order, with a comment behind them", async () => {
  const found = await read(zipFile(SAMPLE, "comment"));
  assertEquals(
    found.map(([{ type, path, mode, target, offset, size }, text]) =>
      [type, path, mode, target, offset, size, text.length].join(" ")
    ),
    [
      "directory a/ 488  0 0 0",
      "file a/stored 493  0 6 6",
      "file a/packed 420  6 140000 140000",
      "symlink a/link 511 packed 0 0 0",
      "file empty 420  140006 0 0",
    ],
  );
  assertEquals(found[2]![1], "packed ".repeat(20_000));
});

const WRONG: readonly (readonly [string, readonly ZipPart[], RegExp, entries?: number])[] = [
  ["encrypted", [{ name: "a", text: "a", flags: 1 }], /unsupported: .*"a" is encrypted/],
  ["another method", [{ name: "a", text: "a", method: 12 }], /compressed by method 12/],
  ["another checksum", [{ name: "a", text: "a", crc: 7 }], /"a" has another CRC-32/],
  ["more bytes than told", [{ name: "a", text: "aaaa", size: 3 }], /"a" has more bytes than/],
  ["less bytes than told", [{ name: "a", text: "aaaa", size: 5 }], /"a" has less bytes than/],
  ["a stream that is broken off", [
    { name: "a", text: "abc".repeat(100), packed: 4 },
  ], /malformed: .*"a"/],
  ["bytes behind a stream", [
    { name: "a", text: "", size: 0, bytes: Uint8Array.of(3, 0, 9, 9) },
  ], /"a" has bytes behind its end/],
  [
    "no stream",
    [{ name: "a", text: "a", bytes: Uint8Array.of(7, 7, 7) }],
    /"a" cannot be inflated/,
  ],
  ["another name in the file's own header", [
    { name: "a", text: "a", localName: "b" },
  ], /"a" has another header/],
  ["two files that share their bytes", [
    { name: "a", text: "a" },
    { name: "a", text: "a", header: 0 },
  ], /"a" and "a" share bytes/],
  ["a file behind the end", [{ name: "a", text: "a", header: 99_999 }], /lies behind its end/],
  ["a file that needs ZIP64", [{ name: "a", size: 0xffffffff }], /needs ZIP64/],
  [
    "contents beyond the limit",
    [{ name: "a", text: "a", size: 2 << 20 }],
    /limit: .*more than 1048576/,
  ],
  [
    "too many entries",
    Array.from({ length: 11 }, (_, i) => ({ name: `${i}` })),
    /limit: .*10 entries/,
  ],
  [
    "a directory that is too large",
    Array.from({ length: 9000 }, (_, i) => ({ name: `${i}`.padEnd(4000, "x"), method: 0 })),
    /limit: .*its directory has more than 33554432 bytes/,
    10_000,
  ],
  ["a device", [{ name: "a", mode: 0o020644 }], /"a" has the mode 20644/],
  ["a folder with content", [{ name: "a/", text: "a", mode: 0o040755 }], /a folder with content/],
  ["a link that is too long", [
    { name: "a", text: "x".repeat(5000), mode: 0o120777 },
  ], /link "a" has a long target/],
];

for (const [what, parts, message, entries = LIMITS.entries] of WRONG) {
  Deno.test(`a zip with ${what} is refused`, async () => {
    const error = await assertRejects(
      () => read(zipFile(parts), { ...LIMITS, entries }),
      TowerError,
    );
    assert(message.test(`${error.code}: ${error.message}`), `${error.code}: ${error.message}`);
  });
}

Deno.test("a zip that is cut, grown, or has another directory is refused", async () => {
  const bytes = zipFile(SAMPLE);
  for (const length of [0, 21, 100, bytes.length - 1]) {
    await assertRejects(() => read(bytes.subarray(0, length)), TowerError, "no end record");
  }
  await assertRejects(() => read(concat([bytes, new Uint8Array(1)])), TowerError, "no end record");
  await assertRejects(() => read(concat([new Uint8Array(1), bytes])), TowerError, "is not where");
});

Deno.test("whatever is changed in a zip ends in an error or in bounded contents", async () => {
  const random = randomNumbers(20);
  const bytes = zipFile(SAMPLE);
  let refused = 0;
  for (let i = 0; i < 3000; i++) {
    const copy = bytes.slice();
    for (let n = 1 + random.below(4); n > 0; n--) {
      // The last bytes are the directory, which decides most.
      const at = random.below(2) === 0
        ? random.below(copy.length)
        : copy.length - 1 - random.below(330);
      copy[at] = random.below(256);
    }
    try {
      const found = await read(copy);
      assert(found.reduce((sum, [{ size }]) => sum + size, 0) <= LIMITS.content);
    } catch (error) {
      assert(error instanceof TowerError, `${i}: ${error}`);
      refused++;
    }
  }
  assert(refused > 1000, `${refused}`);
});

Deno.test("a zip's directory is read in breaths", async () => {
  const signal = AbortSignal.abort(new Error("interrupted"));
  const handler = { entry() {}, content() {}, end() {} };
  const broken = zipFile([{ name: "a" }, { name: "b", localName: "c" }]);
  const breathe = () => Promise.resolve(signal.throwIfAborted());
  await assertRejects(
    () => readZip(memorySource(broken), handler, LIMITS, breathe),
    Error,
    "interrupted",
  );
});
