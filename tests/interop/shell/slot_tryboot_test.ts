/** tower-slot of a Raspberry Pi, as busybox runs it, over files: what the firmware starts by its autoboot.txt. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { startedPartition } from "../../support/build/firmware_choice.ts";
import { SlotFolder } from "../../support/build/slot_folder.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { busyboxMissing, busyboxShell } from "../../support/shell/busybox_shell.ts";

const runner = denoRunner();
const missing = programsMissing(runner, "ssh-keygen", "tar") ?? busyboxMissing(runner, "debian");
const FILES = { "root.img": new Uint8Array(700_000).fill(5) };
const AUTOBOOT = "boot/autoboot.txt";
const good = { state: "good" }, empty = { state: "empty" }, bad = { state: "bad" };
const trying = (left: number, failed = 0) => ({ state: "trying", left, failed });

function slotTest(name: string, check: (slots: SlotFolder) => Promise<void>): void {
  Deno.test({
    ...named(name, missing),
    async fn() {
      await using shell = await busyboxShell(runner, "debian", []);
      using slots = await SlotFolder.create(runner, shell.sh, "tryboot");
      await check(slots);
    },
  });
}

/** What the firmware starts, as such, and with the flag. */
const started = (slots: SlotFolder) =>
  [false, true].map((flag) => startedPartition(slots.read(AUTOBOOT), flag));

const write = async (slots: SlotFolder) => {
  const { code, err } = await slots.run(["write-other", "-"], await slots.update(FILES));
  assertEquals(code, 0, err);
  return err;
};

slotTest(
  "an update is started once when it is asked for, and from then on when it works",
  async (slots) => {
    assertEquals(await slots.status(), { running: "a", next: "a", slots: { a: good, b: empty } });
    assertEquals(started(slots), [2, 2]);
    assertMatch((await slots.run(["try"])).err, /cannot try .*: slot b is empty/);
    assertMatch(await write(slots), /slot b is written: tower-slot try starts it, 3 times at most/);
    assertEquals(await slots.status(), {
      running: "a",
      next: "a",
      slots: { a: good, b: trying(3) },
    });
    assertEquals(started(slots), [2, 3]);
    await slots.tryOther();
    assertEquals(slots.read("asked"), "vcmailbox 0x00038064 4 0 1\nreboot\n");
    assertEquals(await slots.status(), {
      running: "b",
      next: "a",
      slots: { a: good, b: trying(2, 1) },
    });
    assertEquals(started(slots), [2, 3]);
    assertMatch((await slots.run(["try"])).err, /the running slot b is trying/);
    assertEquals((await slots.run(["mark-good"])).code, 0);
    assertEquals(await slots.status(), { running: "b", next: "b", slots: { a: good, b: good } });
    assertEquals(started(slots), [3, 2]);
    assertEquals(new TextEncoder().encode(slots.read(AUTOBOOT)).length, 256);
  },
);

slotTest(
  "an update without tries left is not started, nor is what is marked bad",
  async (slots) => {
    await write(slots);
    for (const n of [1, 2, 3]) {
      await slots.tryOther();
      assertEquals((await slots.status()).slots.b, trying(3 - n, n));
    }
    slots.setRunning("a");
    assertEquals((await slots.status()).slots.b, bad);
    assertMatch((await slots.run(["try"])).err, /slot b is bad: there is nothing to try/);
    assertEquals((await slots.run(["mark-good"])).code, 0);
    assertEquals(started(slots), [2, 2]);
    await write(slots);
    await slots.tryOther();
    await slots.run(["mark-good"]);
    assertEquals(started(slots), [3, 2]);
    assertEquals((await slots.run(["mark-bad"])).code, 0);
    assertEquals(started(slots), [2, 2]);
    assertEquals(await slots.status(), { running: "b", next: "a", slots: { a: good, b: bad } });
  },
);

slotTest("a flag that the firmware does not take has nothing started anew", async (slots) => {
  await write(slots);
  const library = slots.read("library/tryboot.sh");
  slots.write(
    "library/tryboot.sh",
    `${library}\nvcmailbox() { return 1; }\nreboot() { echo no; }\n`,
  );
  const { code, out, err } = await slots.run(["try"]);
  assertEquals([code, out], [1, ""]);
  assertMatch(err, /cannot try the other slot: the firmware does not take the flag tryboot/);
});

slotTest("an autoboot.txt with any byte flipped is refused, or tells slots", async (slots) => {
  await write(slots);
  const text = slots.read(AUTOBOOT);
  const end = text.trimEnd().length;
  for (let i = 0; i < end; i += 3) {
    const bytes = new TextEncoder().encode(text);
    bytes[i]! ^= 1 << (i % 7);
    Deno.writeFileSync(slots.at(AUTOBOOT), bytes);
    const { code, out, err } = await slots.run(["status", "--json"]);
    assert(code === 0 || /autoboot.txt/.test(err), `byte ${i}: ${code} ${err}`);
    if (code === 0) assertEquals(Object.keys(JSON.parse(out).slots), ["a", "b"], `byte ${i}`);
  }
  for (const text of ["", "x".repeat(256), "x".repeat(4096)]) {
    slots.write(AUTOBOOT, text);
    const { code, err } = await slots.run(["mark-good"]);
    assertEquals(code, 1);
    assertMatch(err, /autoboot.txt/);
    assertEquals(slots.read(AUTOBOOT), text);
  }
});
