import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { exists } from "../../../lib/files/files.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { OVMF_FILES, QEMU } from "../../../lib/qemu/machine.ts";
import { buildSlots, type SlotFirmware, type UpdateName } from "../build/slot_system.ts";
import { labMissing } from "../build/lab_system.ts";
import { tempFolder } from "../program/file_sink.ts";
import { named, programsMissing } from "../program/missing_programs.ts";
import { startMachine } from "./test_machine.ts";

const runner = denoRunner();
/** Seconds until a machine must be off, or have started anew. */
const END = 400;
/** An emulator is slow where Linux takes pages in which it found code of the firmware: many are free. */
const MEMORY = 2048;
/** Starts until a machine must have said something: an emulated one may fail to find its timer. */
const MOST_STARTS = 6;
const OVMF = OVMF_FILES.find((file) => exists(file));

/** Why no machine with slots can be made, or undefined. */
export function slotsMissing(firmware: SlotFirmware): string | undefined {
  return labMissing() ?? programsMissing(runner, QEMU, "ssh-keygen", "tar", "sha256sum") ??
    (firmware === "uefi" && OVMF === undefined ? "no UEFI firmware" : undefined);
}

/** A machine with two slots, from start to start. */
export class SlotMachine implements Disposable {
  private constructor(
    private readonly folder: ReturnType<typeof tempFolder>,
    private readonly firmware: SlotFirmware,
    private readonly made: Awaited<ReturnType<typeof buildSlots>>,
  ) {}

  static async create(firmware: SlotFirmware): Promise<SlotMachine> {
    const folder = tempFolder();
    return new SlotMachine(folder, firmware, await buildSlots(folder.path, firmware));
  }

  /** Its disk, which its starts change. */
  get image(): string {
    return this.made.image;
  }

  /** Starts it with an update at hand or none, to its end. @param writeLog learns each write to its disk */
  async start(
    update?: UpdateName,
    writeLog?: string,
  ): Promise<{ told: string; console: string }> {
    const statusFile = join(this.folder.path, "status");
    Deno.writeTextFileSync(statusFile, "");
    const updates = update === undefined ? [] : [this.made.updates[update]];
    await using machine = startMachine(runner, this.folder.path, {
      ...{ image: this.made.image, snapshot: false, network: { kind: "none" }, statusFile },
      memoryMiB: MEMORY,
      firmware: this.firmware === "uefi" ? { kind: "uefi", file: OVMF! } : { kind: "bios" },
      moreDisks: updates.map((image) => ({ image, serial: "update" })),
      ...(writeLog === undefined ? {} : { writeLog }),
    });
    assertEquals(await machine.waitForEnd(END), { kind: "exited", code: 0 }, machine.console());
    const told = Deno.readTextFileSync(statusFile).replaceAll("\r", "");
    return { told, console: machine.console() };
  }

  /** Starts it until it tells of itself; what it told, and how many starts told nothing. */
  async startsUntilTold(update?: UpdateName, writeLog?: string) {
    const silent: string[] = [];
    while (silent.length < MOST_STARTS) {
      const { told, console } = await this.start(update, writeLog);
      if (/^b: .*\n$/m.test(told)) return { told: told.trim().split("\n"), silent };
      silent.push(console);
    }
    throw new Error(`it told nothing in ${MOST_STARTS} starts:\n${silent.at(-1)}`);
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/** What a machine told of its version and its slots. */
function slotLines(told: readonly string[]): string[] {
  return told.filter((line) => /^(?:version|a:|b:) /.test(line));
}

/** A good update is tried and stays. */
async function takeGoodUpdate(machine: SlotMachine): Promise<void> {
  const before = await machine.startsUntilTold("good");
  assertEquals(slotLines(before.told), [
    "version first",
    "a: good, running",
    "b: trying, 2 left, 0 begun, next",
  ], before.told.join("\n"));
}

/** A bad update is written from B into A, tried twice, left, and not tried again. */
async function leaveBadUpdate(
  machine: SlotMachine,
  update: UpdateName,
  says: RegExp,
): Promise<void> {
  const written = await machine.startsUntilTold(update);
  assertEquals(slotLines(written.told), [
    "version good",
    "a: trying, 2 left, 0 begun, next",
    "b: good, running",
  ], written.told.join("\n"));
  const after = await machine.startsUntilTold();
  assertEquals(slotLines(after.told), ["version good", "a: bad", "b: good, running, next"]);
  assert(after.silent.length >= 2, `only ${after.silent.length} starts failed`);
  const telling = after.silent.filter((console) => says.test(console));
  assert(telling.length >= 1, after.silent.join("\n---\n"));
  const again = await machine.startsUntilTold();
  assertEquals(slotLines(again.told), ["version good", "a: bad", "b: good, running, next"]);
}

/** A test that a good update stays, and that the bad one after it is left. @param says what its starts say */
export function badUpdateTest(
  name: string,
  firmware: SlotFirmware,
  update: UpdateName,
  says: RegExp,
): void {
  Deno.test({
    ...named(name, slotsMissing(firmware)),
    async fn() {
      using machine = await SlotMachine.create(firmware);
      await takeGoodUpdate(machine);
      await leaveBadUpdate(machine, update, says);
    },
  });
}
