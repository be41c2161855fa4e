import { assertEquals, assertThrows } from "@std/assert";
import { atOnce } from "../../breathe.ts";
import type { Digest } from "../../brand.ts";
import { memorySink, memorySource } from "../../bytes/bytes.ts";
import { TowerError } from "../../errors.ts";
import { bytesOf, inlineText } from "../../tree/content.ts";
import { FileTree } from "../../tree/file_tree.ts";
import { FREE_SLOT, LONG_NAME, SLOT } from "./directory.ts";
import { readFatDirectory } from "./directory_reader.ts";
import { planFat } from "./layout.ts";
import { readFat } from "./reader.ts";
import { readVolume, setTableEntry, tableEntry } from "./volume.ts";
import { writeFat } from "./writer.ts";

const NAME = "sha256:volume" as Digest;
const BASE = { mode: 0o644, uid: 0, gid: 0, mtime: 1_700_000_000, origin: "stage:test" } as const;
const NO_BLOBS = {
  open: (): never => {
    throw new Error("no blobs");
  },
};
const SIZES = { fat12: 1 << 20, fat16: 4 << 20, fat32: 34 << 20 } as const;

async function volumeOf(minimumType: keyof typeof SIZES): Promise<Uint8Array> {
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  tree.put({ ...BASE, type: "directory", path: "folder", mode: 0o755 });
  const put = (path: string, text: string) =>
    tree.put({ ...BASE, type: "file", path, content: inlineText(text) });
  put("folder/a name that is long", "x".repeat(5000));
  put("KERNEL", "kernel");
  put("empty", "");
  const layout = planFat(tree, {
    ...{
      label: "TOWER",
      volumeId: 7,
      epoch: 1_600_000_000,
      freeBytes: 0,
      size: SIZES[minimumType],
    },
    ...{ minimumType, hiddenSectors: 0, systemFiles: new Set(["KERNEL"]) },
  });
  const sink = memorySink(layout.size);
  await writeFat(layout, NO_BLOBS, sink);
  return sink.bytes;
}

const read = (bytes: Uint8Array) => atOnce(readFat(memorySource(bytes), NAME));

for (const type of ["fat12", "fat16", "fat32"] as const) {
  Deno.test(`${type}: what was written is read back`, async () => {
    const { label, tree, contents } = read(await volumeOf(type));
    assertEquals(label, "TOWER");
    const found = [...tree.walk()].map((entry) => [
      entry.path,
      entry.mode,
      entry.mtime,
      entry.type === "file" ? bytesOf(contents, entry.content).length : entry.type,
    ]);
    assertEquals(found, [
      ["", 0o755, 0, "directory"],
      ["KERNEL", 0o444, BASE.mtime, 6],
      ["empty", 0o644, BASE.mtime, 0],
      ["folder", 0o755, BASE.mtime, "directory"],
      ["folder/a name that is long", 0o644, BASE.mtime, 5000],
    ]);
    assertThrows(() => contents.open("sha256:other" as Digest), TowerError, "not the image's");
  });
}

Deno.test("chains that run in a circle, leave the volume or meet another are refused", async () => {
  const bytes = await volumeOf("fat12");
  const volume = readVolume(memorySource(bytes));
  const start = volume.geometry.reservedSectors * 512;
  // The first cluster that leads on to another: that of the long file.
  const first = Array.from({ length: 100 }, (_, i) => i + 2)
    .find((c) => tableEntry(volume, c) === c + 1)!;
  const cases = [[first, "same cluster"], [2, "same cluster"], [0, "nowhere"], [0xff0, "nowhere"], [
    0xfff,
    "fewer clusters",
  ]] as const;
  for (const [next, cause] of cases) {
    setTableEntry(volume, first + 1, next);
    const changed = bytes.slice();
    changed.set(volume.table, start);
    assertThrows(() => read(changed), TowerError, cause);
  }
});

Deno.test("boot sectors that are none, or contradict themselves, are refused", async () => {
  const bytes = await volumeOf("fat16");
  const refused = (cause: string, ...changes: readonly (readonly [number, number])[]) => {
    const changed = bytes.slice();
    for (const [at, value] of changes) changed[at] = value;
    assertThrows(() => read(changed), TowerError, cause);
  };
  refused("no boot sector", [510, 0]);
  refused("no boot sector", [13, 3]);
  refused("no boot sector", [16, 3]);
  refused("contradicts itself", [22, 0], [23, 0]);
  refused("wrong size", [22, 1], [23, 0]);
  refused("cut off", [20, 0xff]);
  assertThrows(() => read(bytes.slice(0, 512)), TowerError, "cut off");
  assertThrows(() => read(bytes.slice(0, 100)), TowerError, "no boot sector");
});

/** A slot of a short name. */
function slot(short: string, lower = 0, attributes = 0): number[] {
  const bytes = new Uint8Array(SLOT);
  for (let i = 0; i < 11; i++) bytes[i] = short.charCodeAt(i);
  bytes[11] = attributes;
  bytes[12] = lower;
  return [...bytes];
}

Deno.test("short names have their letters' case, code page and first byte", () => {
  const names = (...slots: number[][]) =>
    [...readFatDirectory(Uint8Array.from(slots.flat()))].map(({ name }) => name);
  assertEquals(names(slot("README  TXT")), ["README.TXT"]);
  assertEquals(names(slot("README  TXT", 0x08)), ["readme.TXT"]);
  assertEquals(names(slot("README  TXT", 0x18)), ["readme.txt"]);
  assertEquals(names(slot("\x05X\x81     A\x8ea")), ["σXü.AÄa"]);
  assertEquals(names(slot(".          "), slot("..         "), slot("A          ")), ["A"]);
  assertEquals(names(slot("\xe5A         "), slot("B          ")), ["B"]);
  assertEquals(names(slot("A          "), slot("\0"), slot("B          ")), ["A"]);
});

Deno.test("a long name whose slots are not all there leaves the short one", () => {
  const part = (number: number, sum: number) => {
    const bytes = Array(SLOT).fill(0x41);
    [bytes[0], bytes[11], bytes[13]] = [number, LONG_NAME, sum];
    return bytes;
  };
  const short = slot("ABC        ");
  // The checksum of "ABC        ", by the rule of the specification.
  const sum = [..."ABC        "].reduce(
    (s, c) => ((s & 1) << 7) + (s >> 1) + c.charCodeAt(0) & 0xff,
    0,
  );
  const names = (...slots: number[][]) =>
    [...readFatDirectory(Uint8Array.from(slots.flat()))].map(({ name }) => name.length);
  assertEquals(names(part(0x42, sum), part(1, sum), short), [26]);
  assertEquals(names(part(0x42, sum), short), [3]);
  assertEquals(names(part(0x42, sum), part(1, sum + 1), short), [3]);
  assertEquals(names(part(1, sum), short), [3]);
  assertEquals(names(part(0x43, sum), part(1, sum), short), [3]);
  const removed = part(0x41, sum);
  removed[0] = FREE_SLOT;
  assertEquals(names(removed, short), [3]);
});
