import { type ByteSource, sourceAt } from "../bytes/bytes.ts";
import { type Card, compare, flash } from "../disk/flash.ts";
import { sourcePieces } from "../disk/image_pieces.ts";
import { deviceMedium, type Medium } from "../disk/medium.ts";
import type { Env } from "../env.ts";
import { writeGpt } from "../format/gpt.ts";
import type { Uuid } from "../format/uuid.ts";
import type { Reporter } from "../report/event.ts";
import { bootVolume } from "./boot_volume.ts";
import { makeData } from "./data_volume.ts";
import { BOOT_AT, BOOT_HEAD, mark, MARK_AT } from "./disk_state.ts";
import { type DiskLayout, type PartitionName, PARTITIONS, tableOf } from "./layout.ts";
import type { LiveMedium } from "./live_medium.ts";
import type { SetupPlan } from "./plan.ts";

const MIB = 1 << 20;
const SECTOR = 512;
/** What a former volume says of itself lies in so much of its beginning (LUKS2 has a second header there). */
const FORMER = 16 * MIB;

/** What setting up works with. */
export interface SetupSite extends WriteSite, Pick<Env, "runner"> {}

/** How writing is ended and told. */
export interface WriteSite extends Pick<Env, "signal"> {
  readonly reporter: Reporter;
}

/** Bytes by where they go on the disk; all else reads as zeros. */
interface Part {
  readonly at: number;
  readonly source: ByteSource;
}

/** What becomes of a disk, beside what its user has there. */
export type DiskParts = Pick<LiveMedium, "root" | "hashes" | "program" | "loader">;

/** Does what was planned. @throws {TowerError} where it cannot; the disk is begun then, or over */
export async function setUp(plan: SetupPlan, medium: LiveMedium, site: SetupSite): Promise<void> {
  const { disk, opened, layout, wish, home } = plan;
  const { runner, reporter, signal } = site;
  using device = await deviceMedium(opened, disk.size, runner, []);
  const node = (name: PartitionName) =>
    `${disk.path}${/[0-9]$/.test(disk.path) ? "p" : ""}${PARTITIONS.indexOf(name) + 1}`;
  await writeDisk(device, layout, medium, site, async () => {
    reporter.report({ type: "step", id: "verify", title: "verify the system" });
    const system = [node("root-a"), node("verity-a"), medium.rootHash];
    await runner.run({ argv: ["veritysetup", "verify", ...system] });
    reporter.report({ type: "done", id: "verify" });
    signal.throwIfAborted();
    const encrypted = wish.passphrase === undefined ? "" : ", encrypted";
    reporter.report({ type: "step", id: "data", title: `make home and settings${encrypted}` });
    await makeData(runner, node("data"), wish, home);
    reporter.report({ type: "done", id: "data" });
  });
}

/**
 * Writes all of a disk but what is on the partition `data`. The disk starts once the last of it, the first
 * sectors of the boot partition, is written; until then it is one that a setup has begun, which the next one
 * takes.
 *
 * @param fill makes the rest, once the partitions are there
 */
export async function writeDisk(
  device: Medium,
  layout: DiskLayout,
  source: DiskParts,
  site: WriteSite,
  fill: () => Promise<void>,
): Promise<void> {
  const step = async (id: string, title: string, work: () => Promise<unknown>) => {
    site.signal.throwIfAborted();
    site.reporter.report({ type: "step", id, title });
    await work();
    site.reporter.report({ type: "done", id });
  };
  const parts = await partsOf(layout, source);
  await step("clear", "clear the disk", () => clear(device, layout, site));
  await write(device, parts, site);
  await step("table", "write the partition table", async () => {
    const guid = () => crypto.randomUUID() as Uuid;
    const partitions = tableOf(layout, guid);
    const diskSectors = Math.floor(device.size / SECTOR);
    writeGpt({ diskGuid: guid(), diskSectors, partitions, bootCode: new Uint8Array() }, device);
    await device.commit();
  });
  site.signal.throwIfAborted();
  await fill();
  await step("boot", "let the disk start", () => finish(device, parts.boot, site));
}

/** What is copied: the root and its hash tree, and the boot partition. */
async function partsOf(layout: DiskLayout, { root, hashes, program, loader }: DiskParts) {
  const { start, size } = layout.esp;
  const [volumeId = 0] = crypto.getRandomValues(new Uint32Array(1));
  const epoch = Math.floor(Date.now() / 1000);
  const boot = await bootVolume({ loader, program, title: "Thin client" }, {
    ...{ start, size, volumeId, epoch },
  });
  const system: Part[] = [
    { at: layout["root-a"].start, source: root },
    { at: layout["verity-a"].start, source: hashes },
  ];
  return { boot, system };
}

/** No former volume is found in any partition, and nothing starts. */
async function clear(device: Medium, layout: DiskLayout, { signal }: WriteSite): Promise<void> {
  const heads = PARTITIONS.map((name) => layout[name]).map(({ start, size }) => ({
    ...{ start, end: start + Math.min(size, FORMER) },
  }));
  const extents = [
    { start: 0, end: BOOT_AT + BOOT_HEAD },
    ...heads.map(({ start, end }) => ({ start: Math.max(start, BOOT_AT + BOOT_HEAD), end })),
    { start: device.size - MIB, end: device.size },
  ];
  const zeros: ByteSource = { size: device.size, readAt: (_, into) => into.fill(0).length };
  await device.write(0, new Uint8Array(BOOT_AT + BOOT_HEAD));
  await device.flush();
  await device.write(MARK_AT, mark());
  await device.flush();
  await good(
    device,
    (cards) => flash(sourcePieces(zeros, extents.slice(1)), cards, { signal, onProgress() {} }),
  );
}

/** Everything but the first sectors of the boot partition; that one is read back here. */
async function write(
  device: Medium,
  { boot, system }: { readonly boot: Uint8Array; readonly system: readonly Part[] },
  { signal, reporter }: WriteSite,
): Promise<void> {
  const id = "write";
  reporter.report({ type: "step", id, title: "write the system", unit: "bytes" });
  const onProgress = (done: number, total: number) =>
    reporter.report({ type: "progress", id, done, total });
  const rest: Part = { at: BOOT_AT + BOOT_HEAD, source: bytesAt(boot, BOOT_HEAD) };
  await good(
    device,
    (cards) => flash(placed([rest, ...system], device.size), cards, { signal, onProgress }),
  );
  await good(
    device,
    (cards) => compare(placed([rest], device.size), cards, { signal, onProgress() {} }),
  );
  reporter.report({ type: "done", id });
}

async function finish(device: Medium, boot: Uint8Array, { signal }: WriteSite): Promise<void> {
  const head: Part = { at: BOOT_AT, source: bytesAt(boot.subarray(0, BOOT_HEAD), 0) };
  const options = { signal, onProgress() {} };
  await good(device, (cards) => flash(placed([head], device.size), cards, options));
  await good(device, (cards) => compare(placed([head], device.size), cards, options));
  await device.commit();
}

function bytesAt(bytes: Uint8Array, from: number): ByteSource {
  const readAt = (offset: number, into: Uint8Array) => {
    const part = bytes.subarray(from + offset, from + offset + into.length);
    into.set(part);
    return part.length;
  };
  return sourceAt({ readAt }, 0, bytes.length - from);
}

/** Parts as pieces of a disk. */
function placed(parts: readonly Part[], size: number) {
  const extents = parts.map(({ at, source }) => ({ start: at, end: at + source.size }));
  const partAt = (offset: number) =>
    parts.find(({ at, source }) => offset >= at && offset < at + source.size);
  const readAt = (offset: number, into: Uint8Array) => {
    const part = partAt(offset);
    return part === undefined ? 0 : part.source.readAt(offset - part.at, into);
  };
  return sourcePieces({ size, readAt }, extents);
}

/** A card's fault is kept with it where there are several: here it is the work's. */
async function good(
  medium: Medium,
  work: (cards: readonly Card[]) => Promise<void>,
): Promise<void> {
  const card: Card = { medium };
  await work([card]);
  if (card.failure !== undefined) throw card.failure;
}
