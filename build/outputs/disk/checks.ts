import type { z } from "zod";
import type { FieldPath } from "../../../lib/errors.ts";
import { bootNumber } from "./boot_number.ts";
import type { Contents } from "./contents.ts";
import { isLate, needsOf } from "./needs.ts";
import { isInCircle } from "./order.ts";
import { isEsp, saysFat, typeIn } from "./partition_type.ts";
import { fieldInSpec, partitionsOf } from "./short_form.ts";
import { sizeFaults } from "./size_checks.ts";
import type { DiskSpec, PartitionSpec } from "./spec.ts";

/** What is wrong with a disk, and at which field. */
interface Fault {
  readonly at: FieldPath;
  readonly message: string;
}

/** Most partitions that a table lists: MBR without extended ones, and a GPT of the usual size. */
const MOST = { mbr: 4, gpt: 128 } as const;

/** Refuses fields that do not go together; `size` and `free` are held against the tree later. */
export function checkDisk(contents: Contents): (spec: DiskSpec, context: z.RefinementCtx) => void {
  return (spec, context) => {
    for (const { at, message } of faultsOf(spec, contents)) {
      context.addIssue({ code: "custom", path: [...fieldInSpec(spec, at)], message });
    }
  };
}

function* faultsOf(spec: DiskSpec, contents: Contents): Generator<Fault> {
  const form = formFault(spec);
  if (form) return void (yield form);
  const partitions = partitionsOf(spec);
  if (partitions.length > MOST[spec.table]) {
    const message = `must be at most ${MOST[spec.table]} for the table ${spec.table}`;
    yield { at: ["partitions"], message };
  }
  for (const [i, partition] of partitions.entries()) {
    for (const { at, message } of partitionFaults(partition, spec, contents)) {
      yield { at: ["partitions", i, ...at], message };
    }
  }
  yield* sizeFaults(spec, partitions, contents);
  yield* doubles(partitions, contents);
  yield* flagFaults(spec, partitions);
  yield* needFaults(spec, contents);
  yield* spec.loaders.length > 0 ? loaderFaults(spec, partitions, contents) : idleFaults(spec);
}

/** Either a list of partitions, or the two that are short for one. */
function formFault({ partitions, boot, root }: DiskSpec): Fault | undefined {
  if (partitions === undefined) {
    if (boot && root) return undefined;
    return boot || root
      ? { at: [boot ? "root" : "boot"], message: `is needed beside "${boot ? "boot" : "root"}"` }
      : { at: ["partitions"], message: 'is needed, or "boot" and "root"' };
  }
  const short = boot ? "boot" : root ? "root" : undefined;
  return short && { at: [short], message: 'must not stand beside "partitions"' };
}

function* partitionFaults(
  { type, content, size, free }: PartitionSpec,
  { table }: DiskSpec,
  contents: Contents,
): Generator<Fault> {
  const found = typeIn(table, type, "x86_64");
  if (found === undefined) {
    const other = table === "mbr" ? 'a byte, such as "0x83"' : "a GUID";
    yield { at: ["type"], message: `must be a name or ${other}, for the table ${table}` };
  }
  const { room, startsLoaders } = contents.kindOf(content);
  if (isEsp(found) && !startsLoaders) {
    yield { at: ["content", "kind"], message: "must be fat in an EFI system partition" };
  }
  const given = [size, free].filter((bytes) => bytes !== undefined).length;
  if (room === "either" && given !== 1) yield { at: [], message: 'needs one of "free" and "size"' };
  if (room === "any" && given > 1) yield { at: ["free"], message: 'must not stand beside "size"' };
  if (room === "size" && size === undefined) yield { at: [], message: 'needs "size"' };
  if (room === "size" && free !== undefined) {
    yield { at: ["free"], message: `must not stand in a partition of kind ${content.kind}` };
  }
}

/** What only one partition of a disk may have. */
function* doubles(partitions: readonly PartitionSpec[], contents: Contents): Generator<Fault> {
  const names = new Map<string, string>();
  const labels = new Map<string, string>();
  const folders = new Map<string, string>();
  for (const [i, { name, content }] of partitions.entries()) {
    const at = (...field: string[]) => ["partitions", i, ...field];
    if (names.has(name)) yield { at: at("name"), message: "must be another than of one before" };
    names.set(name, name);
    const { labelOf } = contents.kindOf(content);
    const label = labelOf?.(content, name);
    if (labelOf && label === undefined) {
      yield { at: at("content"), message: 'needs a "label": the name of the partition is none' };
    }
    if (label !== undefined && labels.has(label)) {
      const message = `must have another label than partition "${labels.get(label)}", "${label}"`;
      yield { at: at("content"), message };
    }
    if (label !== undefined) labels.set(label, name);
    const { folder, tree = "" } = content;
    const place = `${tree}/${folder}`;
    if (folder !== undefined && folders.has(place)) {
      const message = `must be another than of partition "${folders.get(place)}", "/${folder}"`;
      yield { at: at("content", "folder"), message };
    }
    if (folder !== undefined) folders.set(place, name);
  }
}

/** References to what nobody has, or to what is known only when this is written already. */
function* needFaults(spec: DiskSpec, contents: Contents): Generator<Fault> {
  const needs = needsOf(spec, contents);
  const late = needs.filter(isLate);
  const circle = late.find((need) => isInCircle(need, late));
  for (const need of needs) {
    const { at, from, to, text, what } = need;
    const [not, which] = to === text
      ? [`must not be "${text}"`, "partition"]
      : [`must not have "${text}"`, "value"];
    if (what === "absent") yield { at, message: `${not}: there is no such ${which}` };
    if (need !== circle) continue;
    const why = from === to
      ? "is known only once it is written"
      : `is written only once "${from}" is`;
    yield { at, message: `${not}: partition "${to}" ${why}` };
  }
}

function* flagFaults(
  { table }: DiskSpec,
  partitions: readonly PartitionSpec[],
): Generator<Fault> {
  let starts: string | undefined;
  for (const [i, { name, flags }] of partitions.entries()) {
    for (const [j, flag] of flags.entries()) {
      const cause = flags.indexOf(flag) !== j
        ? "must stand here once"
        : table === "mbr" && flag !== "boot"
        ? "must be boot for the table mbr"
        : flag === "boot" && starts !== undefined
        ? `must be on one partition: it is on "${starts}"`
        : undefined;
      if (flag === "boot") starts ??= name;
      if (cause !== undefined) yield { at: ["partitions", i, "flags", j], message: cause };
    }
  }
}

/** What a disk that nothing starts need not say. */
function* idleFaults({ flavour, initramfs, cmdline }: DiskSpec): Generator<Fault> {
  const fields = Object.entries({ flavour, initramfs, cmdline: cmdline || undefined });
  const [given] = fields.filter(([, value]) => value !== undefined);
  if (given) yield { at: ["loaders"], message: `is needed beside "${given[0]}"` };
}

/** Whether nothing but unified kernel images is started, which say all that a kernel has to know. */
function startsUnified({ loaders, flavour, initramfs, cmdline }: DiskSpec): boolean {
  return loaders.every((loader) => loader === "systemd-boot") &&
    flavour === undefined && initramfs === undefined && cmdline === "";
}

function* loaderFaults(
  spec: DiskSpec,
  partitions: readonly PartitionSpec[],
  contents: Contents,
): Generator<Fault> {
  const { loaders, table, flavour, initramfs } = spec;
  if (!startsUnified(spec)) {
    if (flavour === undefined) yield { at: ["flavour"], message: 'is needed beside "loaders"' };
    if (initramfs === undefined) yield { at: ["initramfs"], message: 'is needed beside "loaders"' };
  }
  const has = (loader: typeof loaders[number]) => loaders.includes(loader);
  if (has("raspberrypi") && table !== "mbr") {
    yield { at: ["table"], message: "must be mbr for the loader raspberrypi" };
  }
  const number = bootNumber(partitions);
  const boot = partitions[number];
  if (!boot || !contents.kindOf(boot.content).startsLoaders) {
    yield { at: ["loaders"], message: "must have a FAT partition that holds /boot" };
    return;
  }
  const at = (...field: string[]) => ["partitions", number, ...field];
  const type = typeIn(table, boot.type, "x86_64");
  if (has("systemd-boot") && !has("raspberrypi") && !isEsp(type)) {
    yield { at: at("type"), message: "must be esp for the loader systemd-boot" };
  }
  const other = partitions.findIndex(({ flags }, i) => i !== number && flags.includes("boot"));
  if (has("syslinux") && other >= 0) {
    const message = `must not have boot: the loader syslinux is on partition "${boot.name}"`;
    yield { at: ["partitions", other, "flags"], message };
  }
  if (!has("raspberrypi")) return;
  if (number > 0) yield { at: at(), message: "must be the first for the loader raspberrypi" };
  if (boot.content.folder !== "boot") {
    yield { at: at("content", "folder"), message: "must be /boot for the loader raspberrypi" };
  }
  if (table === "mbr" && !saysFat(type)) {
    yield { at: at("type"), message: "must be boot for the loader raspberrypi" };
  }
}
