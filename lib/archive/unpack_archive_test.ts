import { assert, assertEquals, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { sampleTree } from "../../tests/support/apk/apk_files.ts";
import { zipFile } from "../../tests/support/format/zip_file.ts";
import { randomNumbers } from "../../tests/support/program/random_numbers.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { concat, memorySource } from "../bytes/bytes.ts";
import { digestOf } from "../bytes/digest.ts";
import { inOneBreath } from "../breathe.ts";
import { TowerError } from "../errors.ts";
import { tarPieces } from "../format/tar.ts";
import type { Runner } from "../proc/command.ts";
import type { ArchiveFormat } from "./entry.ts";
import { compressionIn, unpackArchive } from "./unpack_archive.ts";

const none = () => {
  throw new Error("no program is there");
};
/** A machine without programs. */
const runner: Runner = { run: none, spawn: none, which: () => undefined };
const ports = () => ({
  runner,
  signal: new AbortController().signal,
  breathe: inOneBreath,
});

async function unpack(bytes: Uint8Array, format: ArchiveFormat) {
  const parts: Uint8Array[] = [];
  const archive = { source: memorySource(bytes), format, name: "a" };
  const data = { write: (piece: Uint8Array) => void parts.push(piece.slice()) };
  return { entries: await unpackArchive(archive, data, ports()), data: concat(parts) };
}

function tar(): Uint8Array<ArrayBuffer> {
  return concat(Array.from(tarPieces(sampleTree(), new MemoryStore()), (bytes) => bytes.slice()));
}

Deno.test("contents are ranges of what is written, each with its digest, compressed or not", async () => {
  const plain = await unpack(tar(), "tar");
  assertEquals(await unpack(gzipSync(tar()), "tar"), plain);
  const zip = await unpack(
    zipFile([{ name: "a", text: "one" }, { name: "b", text: "two" }]),
    "zip",
  );
  for (const { entries, data } of [plain, zip]) {
    const files = entries.flatMap(({ content }) => content ?? []);
    assert(files.length > 0);
    for (const { offset, size, sha256 } of files) {
      assertEquals(digestOf(data.subarray(offset, offset + size)), `sha256:${sha256}`);
    }
  }
});

Deno.test("compression is told by the first bytes", () => {
  const told = (...bytes: number[]) => compressionIn(memorySource(Uint8Array.from(bytes)));
  assertEquals(told(0x1f, 0x8b), "gzip");
  assertEquals(told(0x28, 0xb5, 0x2f, 0xfd), "zstd");
  assertEquals(told(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), "xz");
  assertEquals([told(), told(0x1f), told(0xfd, 0x37)], [undefined, undefined, undefined]);
});

Deno.test("without xz it is told what is missing", async () => {
  const bytes = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0);
  const error = await assertRejects(() => unpack(bytes, "tar"), TowerError, 'no program "xz"');
  assertEquals(error.code, "tool");
});

const refused = (bytes: Uint8Array, format: ArchiveFormat, code: string, cause: string) =>
  assertRejects(() => unpack(bytes, format), TowerError, 'Cannot unpack archive "a"').then(
    (error) => {
      assertEquals(error.code, code);
      assert(String((error.cause as Error).message).includes(cause), String(error.cause));
    },
  );

Deno.test("what is no archive, or is broken off, is refused with a word on why", async () => {
  const bytes = tar();
  const packed = gzipSync(bytes);
  await refused(new Uint8Array(), "tar", "malformed", "it has no end");
  await refused(bytes.subarray(0, 512), "tar", "malformed", "");
  await refused(bytes.subarray(0, 700), "tar", "malformed", "it ends inside an entry");
  await refused(packed.subarray(0, packed.length - 9), "tar", "malformed", "");
  await refused(new TextEncoder().encode("<html>".repeat(200)), "tar", "malformed", "");
  await refused(
    new TextEncoder().encode("<html>".repeat(200)),
    "zip",
    "malformed",
    "no end record",
  );
  await refused(new TextEncoder().encode("<html>".repeat(200)), "cpio", "malformed", "magic");
});

Deno.test("an archive that becomes endless is given up at its bound", async () => {
  // Zeros by deflate: 1 to 1000; the bound is 64 MiB and 200 bytes for each.
  const bomb = gzipSync(concat([tar().subarray(0, 512), new Uint8Array(90 << 20)]));
  await refused(bomb, "tar", "limit", "which no real one does");
});

Deno.test("whatever is changed in a compressed tar ends in an error or in entries", async () => {
  const random = randomNumbers(22);
  for (let i = 0; i < 300; i++) {
    const bytes = random.below(2) === 0 ? gzipSync(tar()) : tar();
    bytes[random.below(bytes.length)] = random.below(256);
    try {
      await unpack(bytes.subarray(0, bytes.length - random.below(3)), "tar");
    } catch (error) {
      assert(error instanceof TowerError, `${i}: ${error}`);
    }
  }
});
