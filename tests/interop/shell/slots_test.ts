/** tower-slot as busybox runs it, over files; ssh-keygen and tar judge what it takes. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { firstSlotRecord } from "../../../lib/boot/slot_record.ts";
import { digestOf, hexOf } from "../../../lib/bytes/digest.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { entryText, programOf, SlotFolder } from "../../support/build/slot_folder.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { busyboxMissing, busyboxShell } from "../../support/shell/busybox_shell.ts";

const runner = denoRunner();
const missing = programsMissing(runner, "ssh-keygen", "tar") ?? busyboxMissing(runner, "debian");
const ROOT = new Uint8Array(2_500_000).map((_, i) => i * 7 + (i >> 9));
const PROGRAM = programOf(3);
const FILES = { "root.img": ROOT, "system.efi": PROGRAM };

/** A folder of slots for one test. */
function slotTest(
  name: string,
  loader: "efi" | "counter",
  check: (slots: SlotFolder) => Promise<void>,
): void {
  Deno.test({
    ...named(`${name} (${loader})`, missing),
    async fn() {
      await using shell = await busyboxShell(runner, "debian", []);
      using slots = await SlotFolder.create(runner, shell.sh, loader);
      Deno.writeFileSync(slots.at("slots"), firstSlotRecord(), { create: false });
      await check(slots);
    },
  });
}

const good = { state: "good" }, empty = { state: "empty" }, bad = { state: "bad" };
const trying = (left: number, failed = 0) => ({ state: "trying", left, failed });

/** What is at the start of a partition. */
const held = (slots: SlotFolder, name: string, bytes: number) =>
  Deno.readFileSync(slots.at(name)).subarray(0, bytes);

for (const loader of ["efi", "counter"] as const) {
  slotTest("a new machine has one good slot, the running one", loader, async (slots) => {
    assertEquals(await slots.status(), { running: "a", next: "a", slots: { a: good, b: empty } });
    const { out } = await slots.run(["status"]);
    assertEquals(out, "a: good, running, next\nb: empty\n");
  });

  for (const way of ["a file", "a stream"] as const) {
    slotTest(
      `${way} is written into the other slot, which is tried next`,
      loader,
      async (slots) => {
        const update = await slots.update(FILES);
        Deno.writeFileSync(slots.at("update.tar"), update);
        const { code, err } = way === "a file"
          ? await slots.run(["write-other", slots.at("update.tar")])
          : await slots.run(["write-other", "-"], update);
        assertEquals(code, 0, err);
        assertEquals(await slots.status(), {
          running: "a",
          next: "b",
          slots: { a: good, b: trying(3) },
        });
        assertEquals(held(slots, "root-b", ROOT.length), ROOT);
        assert(held(slots, "root-a", ROOT.length).every((byte) => byte === 0));
        if (loader === "efi") {
          assertEquals(Deno.readFileSync(slots.at("boot/EFI/tower/b.efi")), PROGRAM);
          assertEquals(slots.entries(), ["system-a.conf", "system-b+3.conf"]);
          assertEquals(slots.read("boot/loader/entries/system-b+3.conf"), entryText("b", 2));
        }
      },
    );
  }

  slotTest("what the caller has checked is written by its list alone", loader, async (slots) => {
    const bare = bareTar(await slots.update(FILES));
    slots.write("list", listOf(FILES));
    const args = ["write-other", "--sums", slots.at("list"), "-"];
    assertMatch((await slots.run(["write-other", "-"], bare)).err, /begins with root.img/);
    const { code, err } = await slots.run(args, bare);
    assertEquals(code, 0, err);
    assertEquals((await slots.status()).slots.b, trying(3));
    assertEquals(held(slots, "root-b", ROOT.length), ROOT);
    Deno.writeFileSync(slots.at("bare.tar"), bare);
    assertEquals((await slots.run([...args.slice(0, 3), slots.at("bare.tar")])).code, 0);
    assertEquals((await slots.status()).slots.b, trying(3));
    slots.write("list", listOf({ ...FILES, "root.img": "x" }));
    assertMatch((await slots.run(args, bare)).err, /does not hold the root.img/);
    assertEquals((await slots.status()).slots.b, empty);
    assertMatch(
      (await slots.run(["write-other", "--sums", "/no", "-"], bare)).err,
      /cannot be read/,
    );
    assertEquals((await slots.run(["room"])).out, `root ${3 << 20}\n`);
  });

  slotTest(
    "a slot that is tried becomes good, and the other one can be written",
    loader,
    async (slots) => {
      await slots.run(["write-other", "-"], await slots.update(FILES));
      slots.setRunning("b");
      const early = await slots.run(["write-other", "-"], await slots.update(FILES));
      assertEquals(early.code, 1);
      assertStringIncludes(early.err, "the running slot b is trying");
      assertEquals((await slots.run(["mark-good"])).code, 0);
      assertEquals(await slots.status(), { running: "b", next: "b", slots: { a: good, b: good } });
      const { code, err } = await slots.run(["write-other", "-"], await slots.update(FILES));
      assertEquals(code, 0, err);
      assertEquals(await slots.status(), {
        running: "b",
        next: "a",
        slots: { a: trying(3), b: good },
      });
    },
  );

  slotTest("a slot may become good on its last try, and is bad after it", loader, async (slots) => {
    const states = async () => (await slots.status()).slots.b;
    await slots.run(["write-other", "-"], await slots.update(FILES));
    for (const [left, failed] of [[2, 1], [1, 2], [0, 3]] as const) {
      await slots.startB();
      assertEquals(await states(), trying(left, failed));
    }
    assertEquals((await slots.status()).next, "a");
    slots.setRunning("a");
    assertEquals(await states(), bad);
    slots.setRunning("b");
    const { code, err } = await slots.run(["mark-good"]);
    assertEquals(code, 0, err);
    assertEquals(await slots.status(), { running: "b", next: "b", slots: { a: good, b: good } });
  });

  slotTest(
    "a slot marked bad is not started, and the last good one cannot be",
    loader,
    async (slots) => {
      await slots.run(["write-other", "-"], await slots.update(FILES));
      assertEquals((await slots.run(["mark-bad", "b"])).code, 0);
      assertEquals(await slots.status(), { running: "a", next: "a", slots: { a: good, b: bad } });
      const { code, err } = await slots.run(["mark-bad"]);
      assertEquals(code, 1);
      assertMatch(err, /cannot mark a slot bad: slot b is bad: nothing good would be left/);
      assertEquals((await slots.status()).slots.a, good);
      await slots.run(["write-other", "-"], await slots.update(FILES));
      assertEquals((await slots.status()).slots.b, trying(3));
    },
  );

  slotTest(
    "nothing is changed by an update that is not signed, whole or fitting",
    loader,
    async (slots) => {
      const before = await slots.status();
      const zeros = new Uint8Array(ROOT.length);
      const large = { ...FILES, "root.img": new Uint8Array((3 << 20) + 1) };
      const whole = await slots.update(FILES);
      const flipped = whole.slice();
      flipped[4096 + 700_000]! ^= 1;
      const cases: readonly [string, Uint8Array<ArrayBuffer>, RegExp][] = [
        ["a stranger", await slots.update(FILES, { key: "stranger" }), /no key of .* has signed/],
        [
          "another purpose",
          await slots.update(FILES, { namespace: "mail" }),
          /no key of .* has signed/,
        ],
        [
          "other bytes",
          await slots.update(FILES, { listed: { ...FILES, "root.img": "x" } }),
          /root.img is not what was signed/,
        ],
        ["a flipped bit", flipped, /root.img is not what was signed/],
        ["no root", await slots.update({ "system.efi": PROGRAM }), /has no signed root.img/],
        [
          "too large",
          await slots.update(large),
          /has 3145729 bytes, and there is only room for 3145728 at/,
        ],
        ["cut off", whole.slice(0, 1_000_000), /not what was signed/],
        ["twice", twice(whole), /has not one root.img/],
        ["nothing", new Uint8Array(0), /the update is empty/],
        ["no tar", new Uint8Array(4096).fill(65), /is no tar/],
      ];
      for (const [what, update, why] of cases) {
        Deno.writeFileSync(slots.at("update.tar"), update);
        const { code, err } = await slots.run(["write-other", slots.at("update.tar")]);
        assertEquals([what, code], [what, 1], err);
        assertMatch(err, why, what);
        assertEquals([what, await slots.status()], [what, before]);
        assertEquals(held(slots, "root-b", ROOT.length), zeros, what);
      }
    },
  );

  slotTest(
    "a stream that turns out bad leaves a slot that is not started",
    loader,
    async (slots) => {
      const whole = await slots.update(FILES);
      const other = await slots.update({ ...FILES, "root.img": ROOT.toReversed() });
      const lying = await slots.update(FILES, { listed: { ...FILES, "root.img": "x" } });
      for (const update of [other.slice(0, 1_000_000), lying]) {
        await slots.run(["write-other", "-"], whole);
        assertEquals((await slots.status()).next, "b");
        const { code } = await slots.run(["write-other", "-"], update);
        assertEquals(code, 1);
        assertEquals(await slots.status(), {
          running: "a",
          next: "a",
          slots: { a: good, b: empty },
        });
      }
    },
  );
}

/** An update without its list and its signature. */
function bareTar(tar: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return tar.slice(beginningOf(tar, "root.img"));
}

function listOf(files: Readonly<Record<string, Uint8Array | string>>): string {
  return Object.entries(files).map(([name, bytes]) => `${hexOf(digestOf(bytes))}  ${name}\n`)
    .join("");
}

/** Where a file's header is in a tar. */
function beginningOf(tar: Uint8Array, file: string): number {
  const name = new TextEncoder().encode(`${file}\0`);
  return tar.findIndex((_, i) => i % 512 === 0 && name.every((byte, j) => tar[i + j] === byte));
}

/** A tar with its root once more at its end. */
function twice(tar: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = beginningOf(tar, "root.img");
  const entry = tar.subarray(at, at + 512 + Math.ceil(ROOT.length / 512) * 512);
  return new Uint8Array(
    [...tar.subarray(0, at), ...entry, ...tar.subarray(at), ...new Uint8Array(1024)],
  );
}

slotTest(
  "a slot without tries left is bad, and out of the loader's sight by the next good start",
  "efi",
  async (slots) => {
    await slots.run(["write-other", "-"], await slots.update(FILES));
    const entry = (name: string) => slots.at(`boot/loader/entries/${name}`);
    Deno.renameSync(entry("system-b+3.conf"), entry("system-b+1-2.conf"));
    assertEquals((await slots.status()).slots.b, trying(1, 2));
    Deno.renameSync(entry("system-b+1-2.conf"), entry("system-b+0-3.conf"));
    assertEquals(await slots.status(), { running: "a", next: "a", slots: { a: good, b: bad } });
    await slots.run(["mark-good"]);
    assertEquals(slots.entries(), ["system-a.conf", "system-b.bad"]);
    assertEquals((await slots.status()).slots.b, bad);
  },
);

slotTest(
  "a rename that a power cut has left half done says the later of both, and is ended",
  "efi",
  async (slots) => {
    slots.write("boot/loader/entries/system-a+2-1.conf", entryText("a", 1));
    assertEquals((await slots.status()).slots.a, good);
    assertEquals((await slots.run(["mark-good"])).code, 0);
    assertEquals(slots.entries(), ["system-a.conf"]);
  },
);

slotTest("a damaged copy of the record leaves the other one", "counter", async (slots) => {
  await slots.run(["write-other", "-"], await slots.update(FILES));
  const record = Deno.readFileSync(slots.at("slots"));
  // Writes went into both sectors by turns: the newest is the one with b trying.
  const text = (sector: number) =>
    new TextDecoder().decode(record.subarray(sector * 512, sector * 512 + 512));
  const newest = text(0).includes("b trying") ? 0 : 1;
  assert(text(newest).includes("b trying 3 0"), text(newest));
  record[newest * 512 + 20]! ^= 1;
  Deno.writeFileSync(slots.at("slots"), record);
  assertEquals(await slots.status(), { running: "a", next: "a", slots: { a: good, b: empty } });
  record.fill(0);
  Deno.writeFileSync(slots.at("slots"), record);
  const { code, err } = await slots.run(["status"]);
  assertEquals(code, 1);
  assertMatch(err, /has no record of slots/);
});

slotTest("wrong words are told", "efi", async (slots) => {
  for (const args of [[], ["what"], ["status", "--xml"], ["mark-good", "a"], ["write-other"]]) {
    const { code, err } = await slots.run(args);
    assertEquals([args, code], [args, 2]);
    assertStringIncludes(err, "Usage: tower-slot");
  }
  assertMatch((await slots.run(["mark-bad", "c"])).err, /there is no slot c/);
  slots.setRunning("");
  assertMatch((await slots.run(["status"])).err, /was not started from a slot/);
});
