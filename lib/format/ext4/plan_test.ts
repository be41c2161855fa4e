import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertRejects,
  assertThrows,
} from "@std/assert";
import type { Digest } from "../../brand.ts";
import { byteSize } from "../../schema/scalars.ts";
import { TowerError } from "../../errors.ts";
import type { Entry } from "../../tree/entry.ts";
import { FileTree } from "../../tree/file_tree.ts";
import { memorySink, memorySource } from "../../bytes/bytes.ts";
import { type Ext4Options, planExt4 } from "./plan.ts";
import { writeExt4 } from "./writer.ts";

const OPTIONS: Ext4Options = {
  uuid: "11111111-2222-4333-8444-555555555555",
  hashSeed: "66666666-7777-4888-9999-aaaaaaaaaaaa",
  label: "root",
  epoch: 1_700_000_000,
  freeBytes: 0,
};
const BASE = { mode: 0o644, uid: 0, gid: 0, mtime: 0, origin: "stage:test" } as const;
const BLOB = `sha256:${"a".repeat(64)}` as Digest;

function treeOf(...entries: Entry[]): FileTree {
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  for (const entry of entries) tree.put(entry);
  return tree;
}

const span = (path: string, size: number): Entry => ({
  ...BASE,
  type: "file",
  path,
  content: { kind: "span", blob: BLOB, offset: 1, size, sha256: undefined },
});

Deno.test("the least size is whole mebibytes and leaves the bytes that were asked for", () => {
  for (const freeBytes of [0, 1, 5 << 20, 200 << 20, 3 * 2 ** 30]) {
    const layout = planExt4(treeOf(span("f", 10_000_000)), { ...OPTIONS, freeBytes });
    assertEquals(layout.size % (1 << 20), 0);
    assertGreaterOrEqual(layout.freeBlocks * 4096, freeBytes);
    // Metadata, journal and the kernel's reserve take little of it.
    assert(layout.size < (freeBytes + 10_000_000) * 1.1 + (40 << 20), `${layout.size}`);
  }
});

Deno.test("inodes that shall stay free are there", () => {
  const { geometry, inventory: { lastIno } } = planExt4(treeOf(), {
    ...OPTIONS,
    inodesFree: 300_000,
  });
  assertGreaterOrEqual(geometry.groups.length * geometry.inodesPerGroup - lastIno, 300_000);
});

Deno.test("each file is one run of blocks, in tree order, directories first", () => {
  const directory: Entry = { ...BASE, type: "directory", path: "m" };
  const layout = planExt4(
    treeOf(span("z", 9000), directory, span("m/b", 1), span("a", 1)),
    OPTIONS,
  );
  assertEquals(
    Array.from(layout.inodes, ({ plan }) => plan.path),
    ["", "lost+found", "m", "a", "m/b", "z"],
  );
  for (const { runs } of layout.inodes) assertEquals(runs.length, 1);
  const starts = Array.from(layout.inodes, ({ runs }) => runs[0]!.start);
  assertEquals(starts, starts.toSorted((a, b) => a - b));
});

Deno.test("a size that is too small is an error that names one that is enough", () => {
  const tree = treeOf(span("f", 10_000_000));
  const error = assertThrows(
    () => planExt4(tree, { ...OPTIONS, size: 5 << 20 }),
    TowerError,
    "Cannot make an ext4 file system of 5242880 bytes: the content needs ",
  );
  assertEquals(error.code, "no-space");
  const enough = byteSize.parse(/\d+[A-Za-z]+/.exec(error.hint!)![0]);
  assertEquals(planExt4(tree, { ...OPTIONS, size: enough }).size, enough);
});

Deno.test("more than 8 TiB is an error, not an endless search", () => {
  for (const options of [{ size: 2 ** 44 }, { freeBytes: 2 ** 50 }]) {
    const error = assertThrows(() => planExt4(treeOf(), { ...OPTIONS, ...options }), TowerError);
    assertEquals(error.code, "limit");
  }
  assertThrows(() => planExt4(treeOf(span("f", 2 ** 52)), OPTIONS), TowerError, "at most");
});

Deno.test("options that make no sense are refused", () => {
  const bad: Partial<Ext4Options>[] = [
    { uuid: "1234" },
    { hashSeed: "" },
    { label: "seventeen letters" },
    { label: "a\0b" },
    { epoch: -1 },
    { epoch: 2 ** 32 },
    { freeBytes: NaN },
    { size: 4097 },
    { inodesFree: 0.5 },
  ];
  for (const options of bad) {
    assertThrows(() => planExt4(treeOf(), { ...OPTIONS, ...options }), RangeError, "Cannot plan");
  }
});

Deno.test("entries that ext4 cannot hold are errors with their path", () => {
  const bad: Entry[] = [
    { ...span("f", 0), uid: 2 ** 32 - 1 },
    { ...span("f", 0), gid: -1 },
    { ...span("f", 0), mtime: 2 ** 34 },
    { ...span("f", 0), mtime: 0.5 },
    { ...span("f", 0), mode: 0o10000 },
    span("f", -1),
    { ...BASE, type: "symlink", path: "f", target: "" },
    { ...BASE, type: "symlink", path: "f", target: "a\0b" },
    { ...BASE, type: "symlink", path: "f", target: "é".repeat(2048) },
    { ...BASE, type: "char", path: "f", major: 4096, minor: 0 },
    { ...BASE, type: "block", path: "f", major: 0, minor: 2 ** 20 },
  ];
  for (const entry of bad) {
    const error = assertThrows(() => planExt4(treeOf(entry), OPTIONS), TowerError, 'store "/f"');
    assertEquals(error.code, "unsupported");
  }
  assertThrows(() => planExt4(treeOf(span("lost+found", 0)), OPTIONS), TowerError, "lost+found");
});

Deno.test("a hard link to no file is malformed", () => {
  const link = (target: string): Entry => ({ ...BASE, type: "hardlink", path: "z", target });
  for (const target of ["missing", "", "z"]) {
    const error = assertThrows(() => planExt4(treeOf(link(target)), OPTIONS), TowerError, "link");
    assertEquals(error.code, "malformed");
  }
});

Deno.test("contents come from their range of the blob, and progress counts their bytes", async () => {
  const blob = Uint8Array.from({ length: 3_000_001 }, (_, i) => i * 7 + (i >> 10));
  const layout = planExt4(treeOf(span("f", 3_000_000)), OPTIONS);
  const sink = memorySink(layout.size);
  const told: number[] = [];
  const reader = { open: () => memorySource(blob) };
  await writeExt4(layout, reader, sink, (done) => Promise.resolve(void told.push(done)));
  const start = [...layout.inodes].find(({ plan }) => plan.path === "f")!.runs[0]!.start * 4096;
  assertEquals(sink.bytes.subarray(start, start + 3_000_000), blob.subarray(1));
  assert(sink.bytes.subarray(start + 3_000_000, start + 733 * 4096).every((byte) => byte === 0));
  assertEquals(told.at(-1), 3_000_000);
});

Deno.test("a blob that ends early is an error, and the image has no superblock", async () => {
  const layout = planExt4(treeOf(span("f", 3_000_000)), OPTIONS);
  const sink = memorySink(layout.size);
  const reader = { open: () => memorySource(new Uint8Array(2_000_000)) };
  await assertRejects(() => writeExt4(layout, reader, sink), TowerError, "it ends at 2000000");
  assert(sink.bytes.subarray(1024, 2048).every((byte) => byte === 0));
});

Deno.test("the root may have a lost+found of its own", () => {
  const own: Entry = { ...BASE, type: "directory", path: "lost+found", mode: 0o750, uid: 5 };
  const inner: Entry = { ...span("lost+found/x", 1) };
  const { inodes } = planExt4(treeOf(own, inner), OPTIONS);
  const plan = inodes.get(11)!.plan;
  assertEquals([plan.path, plan.uid, plan.dataBlocks], ["lost+found", 5, 4]);
  assertEquals([1, 2, 9, 10, 12, 13].map((ino) => inodes.get(ino)?.plan.path), [
    ...[undefined, "", undefined, undefined, "lost+found/x", undefined],
  ]);
});
