import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { type ByteSource, memorySource, readExactly, sourceAt } from "../../../lib/bytes/bytes.ts";
import { openDisk } from "../../../lib/files/disk_file.ts";
import { placedFile } from "../../../lib/format/fat/placed_file.ts";
import { findPartition, readPartitions } from "../../../lib/image/partition_table.ts";
import { startedSlot } from "../build/loader_choice.ts";
import { tempFolder } from "../program/file_sink.ts";
import { randomNumbers } from "../program/random_numbers.ts";
import { SlotMachine } from "./slot_starts.ts";
import { applyChange, type DiskChange, readWriteLog } from "./write_log.ts";

const SEED = 20261128;
/** How often what was not flushed is lost in part, at each flush. */
const LOSSES = 4;
const [LARGEST_ENTRY, LARGEST_PROGRAM] = [4096, 64 << 20];
/** What entries of slots are called here: without a counter, and with each that two tries leave. */
const NAMES = ["a", "b"].flatMap((slot) =>
  ["", "+2", "+1-1", "+0-2"].map((count) => `system-${slot}${count}.conf`)
);

/** What a disk has of its slots. */
class SlotDisk {
  readonly bytes: Uint8Array;
  readonly #partition: (name: string) => ByteSource;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    const disk = memorySource(bytes);
    const table = readPartitions(disk)!;
    this.#partition = (name) => {
      const { start, size } = findPartition(table, name);
      return sourceAt(disk, start, size);
    };
  }

  /** Whether a change is of the boot partition, which alone says what starts. */
  isOfBoot(change: DiskChange): boolean {
    const { start, size } = findPartition(readPartitions(memorySource(this.bytes))!, "esp");
    return change.kind === "write" && change.offset >= start && change.offset < start + size;
  }

  /**
   * The slot that its loader starts, and the program of B where that is it. As firmware does, it looks for names
   * and follows their clusters: others may lead nowhere when a cut has left them so.
   */
  starts(): { slot: string | undefined; program?: Uint8Array } {
    const esp = this.#partition("esp");
    const entries = NAMES.flatMap((name): [string, string][] => {
      const file = placedFile(esp, `loader/entries/${name}`, LARGEST_ENTRY);
      return file === undefined ? [] : [[name, new TextDecoder().decode(file.bytes)]];
    });
    const slot = startedSlot(new Map(entries));
    if (slot !== "b") return { slot };
    return { slot, program: placedFile(esp, "EFI/tower/b.efi", LARGEST_PROGRAM)!.bytes };
  }

  root(): Uint8Array {
    const root = this.#partition("root-b");
    return readExactly(root, 0, root.size);
  }
}

/** A machine that wrote an update, and all that it did to its disk meanwhile. */
interface Written {
  readonly before: Uint8Array;
  readonly changes: readonly DiskChange[];
}

async function writeLogged(machine: SlotMachine, folder: string): Promise<Written> {
  const log = join(folder, "log");
  const before = Deno.readFileSync(machine.image);
  Deno.writeTextFileSync(log, "");
  const { told } = await machine.startsUntilTold("good", log);
  assert(told.includes("b: trying, 2 left, 0 begun, next"), told.join("\n"));
  using file = openDisk(log, "read");
  return { before, changes: readWriteLog(file) };
}

/**
 * Cuts the power behind each write of an update, and between each two flushes some of what was not flushed
 * away: only the whole update is ever started. Then starts the machine from some of these disks.
 *
 * @param starts from how many
 */
export async function cutWrites(starts: number): Promise<void> {
  using folder = tempFolder();
  using machine = await SlotMachine.create("uefi");
  const { before, changes } = await writeLogged(machine, folder.path);
  const whole = new SlotDisk(before.slice());
  for (const change of changes) applyChange(whole.bytes, change);
  const { slot, program } = whole.starts();
  assertEquals(slot, "b");
  const [root, started] = [whole.root(), program!];

  const check = (disk: SlotDisk, what: string) => {
    const found = disk.starts();
    if (found.slot === "a") return;
    assertEquals([what, found.slot], [what, "b"]);
    assert(isSame(found.program!, started), `${what}: another program is started`);
    assert(isSame(disk.root(), root), `${what}: another root is started`);
  };
  const disk = new SlotDisk(before.slice());
  const random = randomNumbers(SEED);
  /** Numbers of changes behind which A is started. */
  const cuts: number[] = [];
  let flushed = before.slice(), pending: DiskChange[] = [];
  for (const [i, change] of changes.entries()) {
    applyChange(disk.bytes, change);
    if (change.kind !== "flush") {
      pending.push(change);
      if (disk.isOfBoot(change)) check(disk, `behind write ${i}`);
      cuts.push(i);
      continue;
    }
    for (let loss = 0; loss < LOSSES && pending.some((one) => disk.isOfBoot(one)); loss++) {
      const lossy = new SlotDisk(flushed.slice());
      for (const one of pending) if (random.below(2) === 0) applyChange(lossy.bytes, one);
      check(lossy, `seed ${SEED}: before flush ${i}, with some of ${pending.length} writes`);
    }
    flushed = disk.bytes.slice();
    pending = [];
  }
  assert(cuts.length > starts, `only ${cuts.length} writes`);
  for (let start = 1; start <= starts; start++) {
    const last = cuts[Math.floor(cuts.length * start / (starts + 1))]!;
    await startFrom(machine, { before, changes: changes.slice(0, last + 1) });
  }
}

/** The old slot starts, tells how it is, and takes the update. */
async function startFrom(machine: SlotMachine, { before, changes }: Written): Promise<void> {
  const bytes = before.slice();
  for (const change of changes) applyChange(bytes, change);
  Deno.writeFileSync(machine.image, bytes);
  const { told, silent } = await machine.startsUntilTold("good");
  const what = `cut behind ${changes.length} changes, ${silent.length} silent starts:\n${
    told.join("\n")
  }`;
  assert(told.includes("version first"), what);
  assert(told.includes("at first a: good, running, next"), what);
  assert(told.includes("at first b: empty"), what);
  assert(told.includes("a: good, running"), what);
  assert(told.includes("b: trying, 2 left, 0 begun, next"), what);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
