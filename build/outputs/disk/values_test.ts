import { inOneBreath } from "../../../lib/breathe.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { z } from "zod";
import { noCompressor } from "../../../tests/support/tree/stage_context.ts";
import { inlineOnly, smallTree } from "../../../tests/support/tree/small_tree.ts";
import { memorySink, memorySource } from "../../../lib/bytes/bytes.ts";
import { digestOf, hexOf } from "../../../lib/bytes/digest.ts";
import { placedFile } from "../../../lib/format/fat/placed_file.ts";
import { uuidFrom } from "../../../lib/format/uuid.ts";
import { fillIn, referencesIn } from "../../../lib/schema/references.ts";
import { silent } from "../../../lib/report/event.ts";
import { diskOf } from "../disk.ts";
import { contentKind } from "./content.ts";
import { contentsOf, KINDS } from "./contents.ts";
import { writingOrder } from "./order.ts";
import { writeDisk } from "./write.ts";

const BLOCK = 4096;

/** A text, and its digest, which is known once it is written: as a hash tree's root hash is. */
const sealed = contentKind({
  spec: z.strictObject({ kind: z.literal("sealed"), text: z.string() }),
  room: "any",
  values: { digest: 64, size: "planned" },
  texts: ({ text }) => [[["text"], text]],
  plan: (spec) => spec,
  line: ({ text }) => text,
  known: () => ({ size: String(BLOCK) }),
  layOut: ({ text }) => ({
    ...{ size: BLOCK, bytes: BLOCK, mbrType: 0x83, used: [] },
    write(sink, { fillIn }) {
      const bytes = new Uint8Array(BLOCK);
      new TextEncoder().encodeInto(fillIn(text), bytes);
      sink.writeAt(0, bytes);
      return { digest: hexOf(digestOf(bytes)) };
    },
  }),
});
const CONTENTS = contentsOf([...KINDS, sealed]);
const DISK = diskOf(CONTENTS);

const partition = (name: string, text: string) => ({
  ...{ name, type: "linux", content: { kind: "sealed", text } },
});
const BOOT = { name: "boot", type: "esp", content: { kind: "fat", folder: "/boot" }, free: "1MiB" };
const FIELDS = {
  ...{ kind: "disk", file: "a.img", loaders: ["systemd-boot"], flavour: "virt" },
  initramfs: "/boot/initramfs",
};
const TREE = smallTree({
  "boot/vmlinuz-virt": "kernel",
  "boot/initramfs": "initramfs",
  "usr/lib/systemd/boot/efi/systemd-bootx64.efi": "loader",
});

/** Writes a disk; its bytes, what it tells, and the partitions in the order of their writing. */
async function written(fields: object) {
  const spec = DISK.spec.parse({ ...FIELDS, ...fields });
  const planning = { system: "s", version: undefined, epoch: 0, uuid: uuidFrom } as const;
  const plan = DISK.plan(spec, { ...planning, arch: "x86_64" });
  const memory = memorySink(64 << 20);
  const { bytes, writeAt } = memory;
  const offsets: number[] = [];
  const sink = {
    setSize() {},
    readAt: memory.readAt,
    writeAt(offset: number, part: Uint8Array) {
      offsets.push(offset);
      writeAt(offset, part);
    },
  };
  const context = {
    ...{ reader: inlineOnly, epoch: 0, reporter: silent, breathe: inOneBreath },
    tree: () => TREE,
    blockCompressor: noCompressor,
  };
  return { plan, bytes, offsets, medium: await writeDisk(TREE, plan, sink, context, CONTENTS) };
}

function faults(fields: object): readonly string[] {
  const { error } = DISK.spec.safeParse({ ...FIELDS, table: "gpt", ...fields });
  return error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
}

for (const isFirst of [true, false]) {
  Deno.test(`a value known once it is written is on the command line of a boot partition ${isFirst ? "before" : "behind"} it`, async () => {
    const seals = [partition("outer", "over {digest:inner}"), partition("inner", "text")];
    const { plan, bytes, offsets, medium } = await written({
      table: "gpt",
      partitions: isFirst ? [BOOT, ...seals] : [...seals, BOOT],
      cmdline: "outer={digest:outer} {size:inner} root=PARTUUID={partuuid:inner} {uuid:boot} {a:}",
    });
    assertMatch(
      plan.boot!.cmdline,
      /^outer=\{digest:outer\} 4096 root=PARTUUID=[0-9a-f-]{36} [0-9A-F]{4}-[0-9A-F]{4} \{a:\}$/,
    );
    const at = (text: string) => {
      const block = new Uint8Array(BLOCK);
      new TextEncoder().encodeInto(text, block);
      return hexOf(digestOf(block));
    };
    const commandLine = plan.boot!.cmdline.replace("{digest:outer}", at(`over ${at("text")}`));
    assertEquals(medium.commandLine, commandLine);
    const start = isFirst ? 1 << 20 : 3 << 20;
    const volume = memorySource(bytes.subarray(start));
    const entry = placedFile(volume, "loader/entries/system.conf", BLOCK)!.bytes;
    assertStringIncludes(new TextDecoder().decode(entry), `options ${commandLine}\n`);
    // The boot partition comes last, wherever it lies.
    assertEquals(Math.min(...offsets.slice(-3)) >= start, true);
  });
}

Deno.test("an MBR's partitions are called by its signature and their number", async () => {
  const { plan } = await written({
    table: "mbr",
    partitions: [BOOT, partition("data", "")],
    cmdline: "{partuuid:boot} {partuuid:data}",
  });
  const signature = plan.diskId.slice(0, 8);
  assertEquals(plan.boot!.cmdline, `${signature}-01 ${signature}-02`);
});

Deno.test("a value that nobody has, and values that need one another, are told at their field", () => {
  const list = (...partitions: object[]) => ({ partitions: [BOOT, ...partitions] });
  const absent = (text: string) => `must not have "${text}": there is no such value`;
  assertEquals(faults({ ...list(), cmdline: "{uuid:boot} {uuid:root} {digest:boot}" }), [
    `cmdline: ${absent("{uuid:root}")}`,
    `cmdline: ${absent("{digest:boot}")}`,
  ]);
  assertEquals(faults(list(partition("a", "{constructor:a}"))), [
    `partitions.1.content.text: ${absent("{constructor:a}")}`,
  ]);
  assertEquals(faults(list(partition("a", "{size:a} {partuuid:a}"))), []);
  assertEquals(faults(list(partition("a", "{digest:a}"))), [
    'partitions.1.content.text: must not have "{digest:a}": partition "a" is known only once it is written',
  ]);
  const circle = [partition("a", "{digest:b}"), partition("b", "{digest:c}")];
  assertEquals(faults(list(...circle, partition("c", "{digest:a}"))), [
    'partitions.1.content.text: must not have "{digest:b}": partition "b" is written only once "a" is',
  ]);
  assertEquals(faults(list(...circle, partition("c", ""))), []);
});

Deno.test("partitions are written in their order, but behind those that they need", () => {
  const late: string[] = [];
  const order = (...after: string[][]) =>
    writingOrder(
      after.map((after, i) => ({ name: String(i), after })),
      ({ name }) => late.includes(name),
    );
  assertEquals(order([], [], []), [0, 1, 2]);
  assertEquals(order(["2"], [], ["1"]), [1, 2, 0]);
  assertEquals(order(["1", "2"], ["3"], [], []), [2, 3, 1, 0]);
  // What may turn out too large comes as early as it can.
  late.push("1", "3");
  assertEquals(order([], [], [], []), [1, 3, 0, 2]);
  assertEquals(order([], ["2"], [], ["1"]), [0, 2, 1, 3]);
});

Deno.test("a text is as it was where it refers to nothing", () => {
  const text = 'dyndbg="file a.c +p" {} {a} {A:b} {a:b c} {a:{b:c}} ${x}';
  assertEquals(referencesIn(text).map(({ text }) => text), ["{b:c}"]);
  assertEquals(fillIn(text, () => undefined), text);
  assertEquals(
    fillIn("{a:b}{a:$&}", ({ value, of }) => `<${value} ${of} $&>`),
    "<a b $&><a $& $&>",
  );
});
