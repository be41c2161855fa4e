import { inOneBreath } from "../../../lib/breathe.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { diskPlan, writeImage } from "../../../tests/support/format/disk_plan.ts";
import { inlineOnly, smallTree } from "../../../tests/support/tree/small_tree.ts";
import { type FieldPath, messagesOf, TowerError } from "../../../lib/errors.ts";
import type { Event } from "../../../lib/report/event.ts";
import { silent } from "../../../lib/report/event.ts";
import type { ArtifactSink } from "../output.ts";

const MIB = 1 << 20;
const TREE = smallTree({
  "srv/data/file": "x".repeat(5000),
  "etc/hostname": "tower",
  "boot": null,
});
const IDLE = {
  ...{ boot: undefined, root: undefined, loaders: [], cmdline: "" },
  ...{ flavour: undefined, initramfs: undefined },
};
const listed = (table: string, ...partitions: object[]) =>
  diskPlan({
    ...IDLE,
    table,
    partitions: partitions.map((fields, i) => ({ name: `p${i}`, type: "linux", ...fields })),
  });
const EMPTY = { kind: "empty" };
const context = { reader: inlineOnly, epoch: 0, reporter: silent, breathe: inOneBreath };

Deno.test("what cannot be written is told at its field, before the first byte", async () => {
  const nothing: ArtifactSink = {
    setSize: () => assertEquals("a size", "nothing"),
    writeAt: () => assertEquals("bytes", "nothing"),
    readAt: () => 0,
  };
  const raw = (fields: object, room: object = {}) => ({
    content: { kind: "raw", ...fields },
    ...room,
  });
  const cases: readonly (readonly [object[], code: string, at: FieldPath, message: string])[] = [
    // The free space alone would do.
    [
      [{ content: EMPTY, size: "1TiB" }, raw({ file: "/srv/data/file" }, { free: "1048575MiB" })],
      "limit",
      [
        "partitions",
        1,
      ],
      'Cannot place partition "p1": it ends past 2 TiB, where an MBR ends',
    ],
    [
      [raw({ file: "/srv/data/file" }, { size: "4KiB" })],
      "no-space",
      ["partitions", 0, "size"],
      "Cannot put 5000 bytes into 4096",
    ],
    [
      [raw({ file: "/srv/data" })],
      "not-found",
      ["partitions", 0, "content", "file"],
      'Cannot take "/srv/data": no such file is in the tree',
    ],
    [[{ content: { kind: "ext4", folder: "/srv/none" }, free: "1MiB" }], "not-found", [
      "partitions",
      0,
      "content",
      "folder",
    ], 'Cannot use "/srv/none" as a tree: it is no directory'],
    [[{ content: { kind: "ext4", folder: "/etc/hostname" }, free: "1MiB" }], "not-found", [
      "partitions",
      0,
      "content",
      "folder",
    ], 'Cannot use "/etc/hostname" as a tree: it is no directory'],
    [[{ content: EMPTY, size: "4KiB" }, { content: { kind: "fat" }, size: "4KiB" }], "no-space", [
      "partitions",
      1,
      "size",
    ], "no layout has that size"],
    [
      [{ content: { kind: "ext4" }, free: "8TiB" }],
      "limit",
      ["partitions", 0, "free"],
      "at most",
    ],
  ];
  for (const [partitions, code, at, message] of cases) {
    const plan = listed(message === "at most" ? "gpt" : "mbr", ...partitions);
    const error = await assertRejects(() => writeImage(TREE, plan, nothing, context), TowerError);
    const told = messagesOf(error).join("\n");
    assertEquals([error.code, error.at, told.includes(message)], [code, at, true], told);
  }
});

Deno.test("a medium gets what file systems use, and all zeros that are promised", async () => {
  const plan = listed(
    "gpt",
    { content: EMPTY, size: "3MiB" },
    { content: { kind: "raw", file: "/srv/data/file" }, size: "64KiB" },
    { content: { kind: "ext4" }, size: "64MiB" },
  );
  const parts: [number, number][] = [];
  const sink: ArtifactSink = {
    setSize: (size) => assertEquals(size, 70 * MIB),
    writeAt() {},
    readAt: () => 0,
    requireZeros: (offset, length) => void parts.push([offset / 4096, length / 4096]),
  };
  await writeImage(TREE, plan, sink, context);
  assertEquals(parts.slice(0, 2), [[256, 768], [1024, 16]]);
  const used = parts.slice(2).reduce((sum, [, length]) => sum + length, 0);
  assertEquals(parts.slice(2).every(([offset]) => offset >= 1280), true);
  // Neither the free blocks nor a journal that nobody wrote.
  assertEquals(used > 100 && used < 4000, true, String(used));
});

Deno.test("progress goes from nothing to all over the partitions", async () => {
  const events: Event[] = [];
  const plan = listed(
    "gpt",
    { content: { kind: "raw", base64: "AAEC" } },
    { content: { kind: "ext4", folder: "/srv" }, free: "1MiB" },
    { content: { kind: "fat", folder: "/srv/data" }, free: "1MiB" },
    { content: { kind: "ext4", folder: "/", label: "root" }, free: "1MiB" },
  );
  const reporter = { ...silent, report: (event: Event) => void events.push(event) };
  await writeImage(TREE, plan, { setSize() {}, writeAt() {}, readAt: () => 0 }, {
    ...context,
    reporter,
  });
  const total = 3 + 5000 + "tower".length;
  assertEquals(events[0], {
    ...{ type: "step", id: "disk disk.img", title: "Writing partitions", total, unit: "bytes" },
  });
  const done = events.flatMap((event) => event.type === "progress" ? [event.done] : []);
  assertEquals(done, [3, 5003, 5008]);
  assertEquals(events.at(-1), {
    ...{ type: "done", id: "disk disk.img", note: "p0 1 MiB, p1 2 MiB, p2 2 MiB, p3 2 MiB" },
  });
});

Deno.test("a disk that lays down no loader names the one that its tree has for UEFI", async () => {
  const content = { kind: "fat", folder: "/boot" };
  const loadersOf = async (path: string) => {
    const sink: ArtifactSink = { setSize() {}, writeAt() {}, readAt: () => 0 };
    const tree = smallTree({ [path]: "program" });
    const plan = listed("gpt", { content: EMPTY, size: "4KiB" }, { content, free: "1MiB" });
    return (await writeImage(tree, plan, sink, context)).loaders;
  };
  assertEquals(await loadersOf("boot/EFI/BOOT/BOOTX64.EFI"), ["EFI/BOOT/BOOTX64.EFI"]);
  assertEquals(await loadersOf("boot/EFI/BOOT/BOOTAA64.EFI"), []);
});
