import { assert, assertEquals, assertGreaterOrEqual, assertThrows } from "@std/assert";
import { TowerError } from "../../errors.ts";
import { inlineText } from "../../tree/content.ts";
import type { Entry } from "../../tree/entry.ts";
import { FileTree } from "../../tree/file_tree.ts";
import { type FatOptions, planFat, sectorsOf } from "./layout.ts";

const META = { mode: 0o755, uid: 0, gid: 0, mtime: 1_700_000_000, origin: "stage:test" } as const;
const MIB = 1 << 20;
const options = (changes: Partial<FatOptions> = {}): FatOptions => ({
  label: "BOOT",
  volumeId: 1,
  epoch: 0,
  freeBytes: 0,
  minimumType: "fat12",
  hiddenSectors: 2048,
  systemFiles: new Set(),
  ...changes,
});

function treeOf(...entries: Entry[]): FileTree {
  const tree = new FileTree(META);
  for (const entry of entries) tree.put(entry);
  return tree;
}

const zeros = (path: string, size: number): Entry => ({
  ...META,
  type: "file",
  path,
  content: { kind: "inline", bytes: new Uint8Array(size) },
});

Deno.test("the size chooses the type, and a minimum type chooses the size", () => {
  const type = (changes: Partial<FatOptions>) => {
    const layout = planFat(treeOf(), options(changes));
    return [layout.geometry.type, layout.size / MIB];
  };
  assertEquals(type({}), ["fat12", 1]);
  assertEquals(type({ size: 64 * MIB }), ["fat16", 64]);
  assertEquals(type({ size: 1024 * MIB }), ["fat32", 1024]);
  assertEquals(type({ minimumType: "fat16" }), ["fat16", 3]);
  assertEquals(type({ minimumType: "fat32" }), ["fat32", 33]);
});

Deno.test("no size between 64 KiB and 300 GiB is without a layout, and the parts fit into it", () => {
  for (let size = 64 << 10; size < 300 * 2 ** 30; size = Math.floor(size * 1.37 / 512) * 512) {
    const { geometry: g } = planFat(treeOf(), options({ size }));
    const bits = g.type === "fat12" ? 12 : g.type === "fat16" ? 16 : 32;
    assertGreaterOrEqual(g.tableSectors * 512 * 8, (g.clusters + 2) * bits, `size ${size}`);
    assert(g.dataSector + g.clusters * g.sectorsPerCluster <= g.sectors, `size ${size}`);
    assert(g.sectorsPerCluster <= 64, `size ${size}`);
  }
});

Deno.test("free bytes stay free beside the content", () => {
  const tree = treeOf(zeros("a", 5 * MIB));
  const layout = planFat(tree, options({ freeBytes: 3 * MIB }));
  const cluster = layout.geometry.sectorsPerCluster * 512;
  const free = layout.geometry.clusters + 2 - layout.nextCluster;
  assertGreaterOrEqual(free * cluster, 3 * MIB);
  assertEquals(layout.size, 9 * MIB);
});

Deno.test("a tree that does not fit says how much is missing and what would do", () => {
  const error = assertThrows(
    () => planFat(treeOf(zeros("a", 5 * MIB)), options({ size: 4 * MIB })),
    TowerError,
    "bytes are missing",
  );
  assertEquals(error.code, "no-space");
  assertEquals(error.hint, "6MiB are enough");
  assertThrows(
    () => planFat(treeOf(), options({ size: MIB, minimumType: "fat32" })),
    TowerError,
    "no layout has that size",
  );
});

Deno.test("a file's sectors are contiguous and behind the one before", () => {
  const layout = planFat(treeOf(zeros("a", 1), zeros("b", 70_000), zeros("c", 0)), options());
  const a = sectorsOf(layout, "a")!, b = sectorsOf(layout, "b")!;
  assertEquals(a, { first: layout.geometry.dataSector, count: 1 });
  assertEquals(b, { first: a.first + layout.geometry.sectorsPerCluster, count: 137 });
  assertEquals(sectorsOf(layout, "c"), undefined);
  assertEquals(sectorsOf(layout, "missing"), undefined);
});

Deno.test("what FAT cannot express is refused with its path", () => {
  const file = { ...META, type: "file", path: "x", content: inlineText("") } as const;
  const refused: Entry[] = [
    { ...META, type: "symlink", path: "x", target: "y" },
    { ...META, type: "char", path: "x", major: 1, minor: 3 },
    { ...META, type: "fifo", path: "x" },
    { ...META, type: "hardlink", path: "x", target: "y" },
    { ...file, uid: 100 },
    { ...file, gid: 100 },
    { ...file, xattrs: new Map([["user.a", new Uint8Array(1)]]) },
    {
      ...file,
      content: {
        kind: "span",
        blob: "sha256:0" as never,
        offset: 0,
        size: 2 ** 32,
        sha256: undefined,
      },
    },
  ];
  for (const entry of refused) {
    const error = assertThrows(() => planFat(treeOf(entry), options()), TowerError, '"/x"');
    assertEquals(error.code, "unsupported");
  }
});

Deno.test("a label that FAT cannot hold is refused", () => {
  for (const label of ["", "lower", "TWELVE CHARS", "A.B", "   "]) {
    assertThrows(() => planFat(treeOf(), options({ label })), TowerError, "label");
  }
});

Deno.test("clusters are as large as preferred where FAT32 then has enough of them", () => {
  const cluster = (size: number, preferredCluster: number) => {
    const volume = { size: size * MIB, minimumType: "fat32", preferredCluster } as const;
    return planFat(treeOf(), options(volume)).geometry.sectorsPerCluster;
  };
  assertEquals([34, 68, 136, 256, 512].map((size) => cluster(size, 4)), [1, 2, 4, 4, 8]);
  assertEquals([34, 256, 512].map((size) => cluster(size, 1)), [1, 1, 8]);
});

Deno.test("clusters are no smaller than asked for, and the volume grows where its type needs it", () => {
  for (const [content, mib] of [[1, 1], [5 * MIB, 9], [60 * MIB, 61], [200 * MIB, 201]] as const) {
    const { geometry, size } = planFat(treeOf(zeros("f", content)), options({ minimumCluster: 4 }));
    assertGreaterOrEqual(geometry.sectorsPerCluster, 4);
    assertEquals([geometry.dataSector % 4, size / MIB], [0, mib]);
  }
});

Deno.test("a volume has no more sectors than 32 bits count", () => {
  const most = 2 ** 41 - 4096;
  const fat32 = (changes: Partial<FatOptions>) =>
    planFat(treeOf(), options({ minimumType: "fat32", ...changes }));
  assertEquals(fat32({ size: most }).geometry.sectors, 2 ** 32 - 8);
  for (const change of [{ size: 2 ** 41 }, { size: 10 * 2 ** 40 }, { freeBytes: 10 * 2 ** 40 }]) {
    const error = assertThrows(() => fat32(change), TowerError);
    assertEquals([error.code, error.hint], [
      "limit",
      "FAT has less than 2TiB; ext4 has up to 8TiB",
    ]);
  }
});
