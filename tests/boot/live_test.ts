import { assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { findFirmware } from "../../build/boot/boot.ts";
import { digestOf, hexOf } from "../../lib/bytes/digest.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { buildLive, LARGE } from "../support/build/live_system.ts";
import { mediumMissing } from "../support/build/medium_system.ts";
import { flipBit } from "../support/format/flip_bit.ts";
import { startMachine } from "../support/machine/test_machine.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";

const runner = denoRunner();
const missing = mediumMissing() ?? programsMissing(runner, "qemu-system-x86_64");
/** Seconds until an emulated machine has told of itself and is off, or has refused. */
const [END, REFUSED] = [180, 90];

/** Starts a medium; what it told, and its console. */
async function start(folder: string, image: string, way: "bios" | "uefi", seconds: number) {
  const statusFile = join(folder, "status");
  Deno.writeTextFileSync(statusFile, "");
  await using machine = startMachine(runner, folder, {
    ...{ image, snapshot: true, network: { kind: "none" }, statusFile, memoryMiB: 512 },
    disk: way === "bios" ? "cd" : "usb",
    firmware: way === "bios" ? { kind: "bios" } : { kind: "uefi", file: findFirmware("x86_64") },
  });
  assertEquals(await machine.waitForEnd(seconds), { kind: "exited", code: 0 });
  const told = Deno.readTextFileSync(statusFile).replaceAll("\r", "");
  return { told, console: machine.console() };
}

function checkLive({ told, console }: { told: string; console: string }): void {
  assertMatch(told, /^overlay \/ overlay rw/m, console);
  assertMatch(told, /^CRYPT-VERITY-/m);
  assertStringIncludes(told, `${hexOf(digestOf(LARGE))}  /etc/large\n`);
  assertMatch(told, /^written$/m);
}

Deno.test({
  ...named(
    "a live medium starts a verified root as CD by BIOS and, from memory, as stick by UEFI; a wrong bit does not",
    missing,
  ),
  async fn(t) {
    using folder = tempFolder();
    const image = await buildLive(folder.path, "");
    await t.step("from the medium, as a CD by BIOS", async () => {
      const live = await start(folder.path, image, "bios", END);
      checkLive(live);
      assertMatch(live.told, /\/dev\/loop\d.*live\/root\.squashfs/);
    });
    await t.step("with a wrong bit", async () => {
      const found = await squashfsAt(image);
      flipBit(image, found + 40);
      const { console, told } = await start(folder.path, image, "bios", REFUSED);
      assertMatch(console, /dm-verity device corrupted/);
      assertNotMatch(told, /overlay/);
    });
    await t.step("from memory, as a stick by UEFI", async () => {
      const copied = await buildLive(folder.path, "copytoram");
      const live = await start(folder.path, copied, "uefi", END);
      checkLive(live);
      assertMatch(live.told, /\/dev\/loop\d.*memory\/system/);
      assertNotMatch(live.told, /iso9660/);
    });
  },
});

/** Where the root begins on the medium: the magic of squashfs at a sector. */
async function squashfsAt(image: string): Promise<number> {
  using file = await Deno.open(image);
  const bytes = new Uint8Array(2048);
  for (let at = 0;; at += bytes.length) {
    file.seekSync(at, Deno.SeekMode.Start);
    if ((file.readSync(bytes) ?? 0) < bytes.length) throw new Error("there is no squashfs");
    if (new TextDecoder().decode(bytes.subarray(0, 4)) === "hsqs") return at;
  }
}
