import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { inOneBreath } from "../breathe.ts";
import { concat, memorySink, memorySource } from "../bytes/bytes.ts";
import { type ErrorCode, TowerError } from "../errors.ts";
import { crc32 } from "../format/crc.ts";
import { GPT_TYPE, writeGpt } from "../format/gpt.ts";
import { encodeMbr, MBR_TYPE } from "../format/mbr.ts";
import { asUuid } from "../format/uuid.ts";
import { textOf } from "../tree/content.ts";
import { parseAddress, withPartition } from "./address.ts";
import { openImage, volumeAt } from "./open_image.ts";
import { findPartition, readPartitions, typeName } from "./partition_table.ts";
import { pathIn } from "./path_in.ts";
import type { VolumePorts } from "./volume.ts";

const SECTOR = 512;
const DISK = 4096;

Deno.test("an address is the longest beginning that is a file, and the steps behind it", () => {
  const there = (path: string) => ["a.img", "a:b.img", "a"].includes(path);
  const at = (text: string) => parseAddress(text, there);
  assertEquals(at("a.img"), { image: "a.img", steps: [] });
  assertEquals(at("a:b.img"), { image: "a:b.img", steps: [] });
  assertEquals(at("a:2"), { image: "a", steps: [{ kind: "partition", name: "2" }] });
  assertEquals(at("a:b.img:root:/boot/x"), {
    image: "a:b.img",
    steps: [{ kind: "partition", name: "root" }, { kind: "file", path: "/boot/x" }],
  });
  const refused = (text: string, code: ErrorCode) =>
    assertEquals(assertThrows(() => at(text), TowerError).code, code);
  refused("b.img:1", "not-found");
  refused("", "not-found");
  refused(":a", "not-found");
  refused("a:", "usage");
  refused("a::1", "usage");
  const deep = Array(8).fill({ kind: "partition", name: "1" });
  assertEquals(withPartition(deep, undefined).length, 8);
  assertThrows(() => withPartition(deep, "2"), TowerError, "9 images deep");
});

function gptDisk(names: readonly string[]): Uint8Array {
  const sink = memorySink(DISK * SECTOR);
  writeGpt({
    diskGuid: asUuid("11111111-2222-4333-8444-555555555555")!,
    diskSectors: DISK,
    partitions: names.map((name, i) => ({
      type: i === 0 ? GPT_TYPE.efiSystem : GPT_TYPE.linux,
      guid: asUuid(`11111111-2222-4333-8444-00000000000${i}`)!,
      ...{ name, firstSector: 100 + 100 * i, sectors: 50 + i, flags: [] },
    })),
    bootCode: new Uint8Array(),
  }, sink);
  return sink.bytes;
}

const tableOf = (bytes: Uint8Array) => readPartitions(memorySource(bytes));

Deno.test("a GPT is read at its beginning, or else at its end, and refused where both are damaged", () => {
  const bytes = gptDisk(["boot", "räum"]);
  const expected = {
    kind: "gpt",
    partitions: [
      { number: 1, name: "boot", type: GPT_TYPE.efiSystem, start: 51_200, size: 25_600 },
      { number: 2, name: "räum", type: GPT_TYPE.linux, start: 102_400, size: 26_112 },
    ],
  } as const;
  assertEquals(tableOf(bytes), expected);
  assertEquals(expected.partitions.map(typeName), ["efi-system", "linux"]);
  const atEnd = bytes.slice();
  atEnd[SECTOR + 60]! ^= 1;
  const damage = "Cannot read the partition table: its header is damaged";
  assertEquals(tableOf(atEnd), { ...expected, damage });
  atEnd[(DISK - 1) * SECTOR + 60]! ^= 1;
  assertThrows(() => tableOf(atEnd), TowerError, "its GPT is damaged");
  const entries = bytes.slice();
  entries[2 * SECTOR + 60]! ^= 1;
  assertMatch(tableOf(entries)!.damage!, /checksum of its entries/);
  assertEquals(tableOf(entries)!.partitions, expected.partitions);
  // The image became larger: the first copy knows where the other one is.
  assertEquals(tableOf(concat([entries, new Uint8Array(8192)]))!.partitions, expected.partitions);
  entries[(DISK - 33) * SECTOR + 60]! ^= 1;
  assertThrows(() => tableOf(entries), TowerError, "checksum of its entries");
  // What is left of a GPT when a disk got an MBR is no table.
  const left = bytes.slice();
  left.set(record([MBR_TYPE.linux, 64, 100]));
  left.fill(0, SECTOR, 2 * SECTOR);
  assertEquals(tableOf(left)!.kind, "mbr");
  assertThrows(() => tableOf(bytes.slice(0, 120_000)), TowerError, "lies behind the end");
});

Deno.test("a GPT that asks for more than a disk has is refused before room is made", () => {
  for (
    const [at, value] of [[80, 0xffffffff], [84, 0x7fffffff], [84, 64], [72, 0xffffffff]] as const
  ) {
    const bytes = gptDisk(["x"]);
    const view = new DataView(bytes.buffer);
    view.setUint32(SECTOR + at, value, true);
    view.setUint32(SECTOR + 16, 0, true);
    view.setUint32(SECTOR + 16, crc32(bytes.subarray(SECTOR, SECTOR + 92)), true);
    bytes.fill(0, (DISK - 1) * SECTOR);
    assertThrows(() => tableOf(bytes), TowerError, "Cannot read the partition table");
  }
});

/** A record with entries of type, first sector and number of sectors. */
function record(...entries: readonly (readonly [number, number, number])[]): Uint8Array {
  return encodeMbr({
    ...{ bootCode: new Uint8Array(), signature: 1 },
    partitions: entries.map(([type, firstSector, sectors]) => ({
      ...{ type, active: false, firstSector, sectors },
    })),
  });
}

function mbrDisk(records: Readonly<Record<number, Uint8Array>>): Uint8Array {
  const bytes = new Uint8Array(DISK * SECTOR);
  for (const [sector, data] of Object.entries(records)) bytes.set(data, Number(sector) * SECTOR);
  return bytes;
}

Deno.test("an MBR is read with its logical partitions, which are followed to their end", () => {
  const head = record([MBR_TYPE.fat32, 10, 20], [MBR_TYPE.extended, 100, 1000]);
  const disk = (next: number) =>
    mbrDisk({
      0: head,
      100: record([MBR_TYPE.linux, 2, 30], [MBR_TYPE.extended, 200, 100]),
      300: record([MBR_TYPE.linuxSwap, 5, 40], [MBR_TYPE.extended, next, next]),
    });
  assertEquals(
    tableOf(disk(0))?.partitions.map(({ number, type, start, size }) => [
      ...[number, type, start / SECTOR, size / SECTOR],
    ]),
    [[1, "0c", 10, 20], [5, "83", 102, 30], [6, "82", 305, 40]],
  );
  assertThrows(() => tableOf(disk(200)), TowerError, "in a circle");
  assertThrows(() => tableOf(disk(500)), TowerError, "has no record");
});

Deno.test("a boot sector without partitions, or with some that do not fit, is no table", () => {
  assertEquals(tableOf(new Uint8Array(100)), undefined);
  assertEquals(tableOf(new Uint8Array(DISK * SECTOR)), undefined);
  assertEquals(tableOf(mbrDisk({ 0: record() })), undefined);
  assertEquals(tableOf(mbrDisk({ 0: record([MBR_TYPE.linux, 10, DISK]) })), undefined);
  const status = mbrDisk({ 0: record([MBR_TYPE.linux, 10, 10]) });
  status[446] = 0x33;
  assertEquals(tableOf(status), undefined);
});

Deno.test("a partition is found by number or by a name that is one's alone", () => {
  const table = tableOf(gptDisk(["boot", "twice", "twice"]))!;
  assertEquals(findPartition(table, "2").number, 2);
  assertEquals(findPartition(table, "boot").number, 1);
  const refused = (name: string, code: ErrorCode) =>
    assertEquals(assertThrows(() => findPartition(table, name), TowerError).code, code);
  refused("twice", "conflict");
  refused("4", "not-found");
  refused("Boot", "not-found");
});

const PORTS: VolumePorts = {
  unpack: () => Promise.reject(new Error("nothing is compressed")),
  breathe: inOneBreath,
  warn() {},
};

/** An entry of a cpio archive of the newc kind. */
function entry(path: string, mode: number, data = "", links = 1, inode = 0): Uint8Array {
  const [name, bytes] = [path, data].map((text) => new TextEncoder().encode(text));
  const numbers = [inode, mode, 0, 0, links, 9, bytes!.length, 0, 0, 5, 6, name!.length + 1, 0];
  const head = "070701" + numbers.map((n) => n.toString(16).padStart(8, "0")).join("");
  const pad = (parts: Uint8Array[]) => {
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    return concat([...parts, new Uint8Array((4 - size % 4) % 4)]);
  };
  return concat([
    pad([new TextEncoder().encode(head), name!, new Uint8Array(1)]),
    pad([bytes!]),
  ]);
}

const [DIRECTORY, FILE, LINK, DEVICE] = [0o040755, 0o100644, 0o120777, 0o020600];
const END = entry("TRAILER!!!", 0);

const treeOf = async (...parts: Uint8Array[]) =>
  volumeAt(await openImage(memorySource(concat(parts)), [], PORTS), "x");

Deno.test("an initramfs is read as the kernel does: archive behind archive, the later entry counts", async () => {
  const { format, tree, contents } = await treeOf(
    ...[entry("a", FILE, "old"), entry("d/e", FILE, "made a way"), END, new Uint8Array(512)],
    ...[entry(".", DIRECTORY), entry("./a", FILE, "new"), entry("l", LINK, "d/e")],
    ...[entry("c", DEVICE), entry("one", FILE, "", 2, 7), entry("two", FILE, "both", 2, 7), END],
  );
  assertEquals(format, "cpio");
  const found = [...tree.walk()].map(({ path, type }) => [path, type]);
  assertEquals(found, [
    ...[["", "directory"], ["a", "file"], ["c", "char"], ["d", "directory"], ["d/e", "file"]],
    ...[["l", "symlink"], ["one", "hardlink"], ["two", "file"]],
  ]);
  assertEquals(textOf(contents, tree.file("a")!.content), "new");
  assertEquals(textOf(contents, tree.file("l")!.content), "made a way");
  assertEquals(textOf(contents, tree.file("one")!.content), "both");
  assertEquals(tree.get("a")?.mtime, 9);
});

Deno.test("archives whose entries leave them, or lie below what is no folder, are refused", async () => {
  const refused = async (cause: string, ...parts: Uint8Array[]) => {
    const error = await assertRejects(() => treeOf(...parts, END), TowerError, cause);
    assertEquals(error.code, "malformed");
  };
  for (const path of ["../a", "a/../../b", "a/./b", "a\nb", ".."]) {
    await refused("leaves the archive", entry(path, FILE, "x"));
  }
  await refused("is a symlink", entry("l", LINK, "/etc"), entry("l/passwd", FILE, "x"));
  await refused("is a file", entry("f", FILE, "x"), entry("f/g/h", FILE, "x"));
  await refused(
    "behind hard links",
    ...[entry("a", FILE, "", 2, 7), entry("b", FILE, "x", 2, 7), entry("b", FILE, "y")],
  );
  await assertRejects(() => treeOf(entry("a", FILE, "x")), TowerError, "before its trailer");
});

Deno.test("steps lead into partitions and files, and say where they cannot", async () => {
  const disk = gptDisk(["boot", "files"]);
  disk.set(concat([entry("inner", FILE, "\0"), entry("text", FILE, "text"), END]), 102_400);
  const open = (...steps: Parameters<typeof openImage>[1]) =>
    openImage(memorySource(disk), steps, PORTS);
  const place = await open();
  assertEquals(place.kind, "disk");
  const error = assertThrows(() => volumeAt(place, "x"), TowerError, "disk with partitions");
  assertEquals(error.hint, 'name one of them, such as "x:1": 1 ("boot"), 2 ("files")');
  const { tree } = volumeAt(await open({ kind: "partition", name: "files" }), "x");
  assertEquals(pathIn(tree, "/text/", "x"), "text");
  assertEquals(pathIn(tree, "/", "x"), "");
  assertThrows(() => pathIn(tree, "gone", "x"), TowerError, "it is not there");
  const files = { kind: "partition", name: "2" } as const;
  const refused = async (cause: string, ...steps: Parameters<typeof openImage>[1]) =>
    await assertRejects(() => open(...steps), TowerError, cause);
  await refused("nothing in it is known", { kind: "partition", name: "1" });
  disk[2 * SECTOR]! ^= 1;
  const told: string[] = [];
  const ports = { ...PORTS, warn: (message: string) => void told.push(message) };
  await openImage(memorySource(disk), [{ kind: "partition", name: "files" }], ports);
  assertEquals(told.length, 1);
  assertMatch(told[0]!, /checksum of its entries is another; its copy at the disk's end is read/);
  await refused("it is no file there", files, { kind: "file", path: "/gone" });
  await refused("nothing in it is known", files, { kind: "file", path: "/inner" });
  await refused("no table of them", files, { kind: "partition", name: "1" });
});
