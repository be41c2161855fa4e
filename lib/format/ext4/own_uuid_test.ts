import { assertEquals, assertThrows } from "@std/assert";
import { type ByteSink, type ByteSource, memorySource } from "../../bytes/bytes.ts";
import { checksum, fileSystemSeed } from "./checksum.ts";
import { setUuidOfExt4, uuidOfExt4 } from "./own_uuid.ts";
import { uuidBytes, uuidFrom } from "../uuid.ts";

const FIRST = uuidFrom("first");
const SEED = 0x270, SUM = 0x3fc, FEATURES = 0x60, UUID = 0x68;

function volume(readOnlyCompatible: number): ByteSource & ByteSink & { superblock: DataView } {
  const bytes = new Uint8Array(4096);
  const superblock = new DataView(bytes.buffer, 1024, 1024);
  superblock.setUint16(0x38, 0xef53, true);
  superblock.setUint32(FEATURES, 0x42, true);
  superblock.setUint32(0x64, readOnlyCompatible, true);
  bytes.set(uuidBytes(FIRST), 1024 + UUID);
  return { ...memorySource(bytes), superblock, writeAt: (at, part) => bytes.set(part, at) };
}

Deno.test("checksums keep the first UUID as their seed, whatever the UUID becomes", () => {
  const disk = volume(0x400);
  const seed = fileSystemSeed(uuidBytes(FIRST));
  for (const name of ["second", "third"]) {
    setUuidOfExt4(disk, uuidFrom(name));
    assertEquals(uuidOfExt4(disk), uuidFrom(name));
    const { superblock } = disk;
    assertEquals(superblock.getUint32(FEATURES, true), 0x2042);
    assertEquals(superblock.getUint32(SEED, true), seed);
    const bytes = new Uint8Array(superblock.buffer, 1024, SUM);
    assertEquals(superblock.getUint32(SUM, true), checksum(0xffffffff, bytes));
  }
});

Deno.test("a file system without checksums gets none", () => {
  const disk = volume(0);
  setUuidOfExt4(disk, uuidFrom("second"));
  assertEquals(uuidOfExt4(disk), uuidFrom("second"));
  assertEquals(disk.superblock.getUint32(FEATURES, true), 0x42);
  assertEquals(disk.superblock.getUint32(SUM, true), 0);
});

Deno.test("what is no ext4 has no UUID and gets none", () => {
  for (const size of [0, 2047, 4096]) {
    const bytes = new Uint8Array(size);
    const disk = { ...memorySource(bytes), writeAt: () => {} };
    assertEquals(uuidOfExt4(disk), undefined);
    assertThrows(() => setUuidOfExt4(disk, FIRST), RangeError);
  }
});
