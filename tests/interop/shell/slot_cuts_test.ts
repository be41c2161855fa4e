/** The power goes off at each step of `tower-slot write-other` and `mark-good`, as busybox runs them. */
import { assert, assertEquals } from "@std/assert";
import { firstSlotRecord } from "../../../lib/boot/slot_record.ts";
import { removeTree } from "../../../lib/files/files.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { startedPartition } from "../../support/build/firmware_choice.ts";
import { startedSlot } from "../../support/build/loader_choice.ts";
import {
  entryText,
  programOf,
  SlotFolder,
  type SlotLoader,
} from "../../support/build/slot_folder.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { busyboxMissing, busyboxShell } from "../../support/shell/busybox_shell.ts";

const runner = denoRunner();
const missing = programsMissing(runner, "ssh-keygen", "tar") ?? busyboxMissing(runner, "debian");
const STEPS = new URL("../../support/build/slot_cuts.sh", import.meta.url);
/** What a disk has of the slot that is written. */
const DISK = ["boot", "root-b", "slots"];
/** More than dd writes at once. */
const version = (fill: number) => ({
  "root.img": new Uint8Array(1_200_000).fill(fill),
  "system.efi": programOf(fill),
});
const VERSIONS = { old: version(1), new: version(2) };
const good = { state: "good" };

/** Slots of which A runs, both are good, and B has the old version. */
async function twoGood(sh: string, loader: SlotLoader): Promise<SlotFolder> {
  const slots = await SlotFolder.create(runner, sh, loader);
  Deno.writeFileSync(slots.at("slots"), firstSlotRecord(), { create: false });
  for (const [name, files] of Object.entries(VERSIONS)) {
    Deno.writeFileSync(slots.at(`${name}.tar`), await slots.update(files));
  }
  await slots.run(["write-other", slots.at("old.tar")]);
  await slots.startB();
  await slots.run(["mark-good"]);
  slots.setRunning("a");
  slots.write("boot/loader/entries/system-a.conf", entryText("a", 7));
  assertEquals((await slots.status()).slots, { a: good, b: good });
  return slots;
}

async function copyDisk(slots: SlotFolder, from: string, to: string): Promise<void> {
  Deno.mkdirSync(slots.at(to), { recursive: true });
  for (const name of DISK) {
    removeTree(slots.at(`${to}${name}`));
    await runner.run({ argv: ["cp", "-R", slots.at(`${from}${name}`), slots.at(`${to}${name}`)] });
  }
}

/**
 * What a disk may have when the power is gone, which is not what it had before: all that was written, all but
 * the contents of files that were not flushed, or what was flushed.
 */
async function disksAfterCut(slots: SlotFolder): Promise<[what: string, place: string][]> {
  const cmp = async (place: string, than: string) => {
    const from = slots.at(place), to = slots.at(than);
    const { stdout } = await runner.run({ argv: ["diff", "-rq", from, to], okCodes: [0, 1] });
    return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  };
  await copyDisk(slots, "", "all/");
  await copyDisk(slots, "flushed/", "less/");
  if ((await cmp("all", "before")).length === 0) return [];
  const lost = await cmp("all/boot", "less/boot");
  if (lost.length === 0 && (await cmp("all", "less")).length === 0) return [["all", "all/"]];
  await copyDisk(slots, "all/", "names/");
  for (const line of lost) {
    const [, folder, name] = /^Only in (.*\/all\/boot.*): (.*)$/.exec(line) ?? [];
    if (folder === undefined) continue;
    const text = Deno.readTextFileSync(`${folder}/${name}`);
    const flushed = folder.replace("/all/boot", "/less/boot");
    // A name that a file was given has the contents that the file had.
    const isRenamed = [...Deno.readDirSync(flushed)].some((file) =>
      file.isFile && Deno.readTextFileSync(`${flushed}/${file.name}`) === text
    );
    if (!isRenamed) Deno.truncateSync(`${folder.replace("/all/boot", "/names/boot")}/${name}`);
  }
  return [["all", "all/"], ["names without contents", "names/"], ["what was flushed", "less/"]];
}

/** Which version each part of slot B is of. */
function heldByB(slots: SlotFolder, loader: SlotLoader): string[] {
  const parts = { "root.img": "root-b", "system.efi": "boot/EFI/tower/b.efi" } as const;
  return Object.entries(parts).slice(0, loader === "efi" ? 2 : 1).map(([name, place]) => {
    const bytes = Deno.readFileSync(slots.at(place));
    const found = Object.entries(VERSIONS).find(([, files]) =>
      files[name as keyof typeof files].every((byte, i) => byte === bytes[i])
    );
    return found?.[0] ?? "none";
  });
}

/** What is on the disk is told as it is started, and what would be started is whole. */
async function checkDisk(slots: SlotFolder, loader: SlotLoader, what: string): Promise<void> {
  const { running, next, slots: { a, b } } = await slots.status();
  assertEquals(a, good, what);
  assert(["good", "empty", "trying"].includes(b.state), `${what}: b is ${b.state}`);
  if (loader === "efi") {
    const started = (names: readonly string[]) =>
      startedSlot(new Map(names.map((name) => [name, slots.read(`boot/loader/entries/${name}`)])));
    assertEquals([what, next], [what, started(slots.entries())]);
    const own = slots.entries().filter((name) => name.startsWith("system-b"));
    assertEquals([what, started(own)], [what, b.state === "empty" ? undefined : "b"]);
  }
  if (loader === "tryboot") {
    const started = (flag: boolean) => startedPartition(slots.read("boot/autoboot.txt"), flag);
    assertEquals([what, started(false)], [what, next === "a" ? 2 : 3]);
    if (b.state === "empty") assertEquals([what, started(true)], [what, 2]);
    if (b.state === "trying") assertEquals([what, started(true)], [what, 3]);
  }
  const held = b.state === "empty" ? [] : heldByB(slots, loader);
  assert(!held.includes("none"), `${what}: b is ${b.state} and ${held}`);
  assert(new Set(held).size <= 1, `${what}: b is ${b.state} and ${held}`);
  assert(running === "b" || b.state !== "trying" || held[0] === "new", `${what}: ${held}`);
}

/** Cuts the power at each step of a command. @returns how many there are */
async function cutEach(
  slots: SlotFolder,
  loader: SlotLoader,
  args: readonly string[],
  ends: object,
): Promise<number> {
  await copyDisk(slots, "", "before/");
  slots.write(
    `library/${loader}.sh`,
    `${slots.read(`library/${loader}.sh`)}\ncuts=${slots.at("")}\n. ${STEPS.pathname}\n`,
  );
  for (let step = 1;; step++) {
    await copyDisk(slots, "before/", "");
    await copyDisk(slots, "", "flushed/");
    slots.write("steps", "0\n");
    slots.write("cut", `${step}\n`);
    await using process = slots.start(args);
    const messages = new Response(process.stderr).text();
    await process.stdout.cancel();
    const ending = await process.ended;
    if (ending.kind === "exited") {
      assertEquals(ending.code, 0, await messages);
      assertEquals((await slots.status()).slots, ends);
      slots.write("cut", "0\n");
      return step - 1;
    }
    slots.write("cut", "0\n");
    for (const [disk, place] of await disksAfterCut(slots)) {
      const what = `step ${step} of ${args[0]}, with ${disk} on the disk`;
      await copyDisk(slots, place, "");
      await checkDisk(slots, loader, what);
      const again = await slots.run(args);
      assertEquals([what, again.code], [what, 0], again.err);
      assertEquals([what, (await slots.status()).slots], [what, ends]);
      await checkDisk(slots, loader, what);
      assertEquals([...Deno.readDirSync(slots.at("run"))], [], what);
    }
  }
}

for (const loader of ["efi", "counter", "tryboot"] as const) {
  Deno.test({
    ...named(`power that goes off at any step leaves a slot that starts (${loader})`, missing),
    async fn() {
      await using shell = await busyboxShell(runner, "debian", []);
      using slots = await twoGood(shell.sh, loader);
      const trying = { state: "trying", left: 3, failed: 0 };
      const write = ["write-other", slots.at("new.tar")];
      const written = await cutEach(slots, loader, write, { a: good, b: trying });
      assert(written >= (loader === "efi" ? 15 : 5), `only ${written} steps`);
      assertEquals(new Set(heldByB(slots, loader)), new Set(["new"]));
      await slots.startB();
      const marked = await cutEach(slots, loader, ["mark-good"], { a: good, b: good });
      assert(marked >= 1, `only ${marked} steps`);
    },
  });
}
