/** Who sends an update, or ends its writing, cannot harm more than the slot that is written. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "../../../lib/bytes/bytes.ts";
import { asUuid } from "../../../lib/format/uuid.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { signatureLists } from "../../../lib/secure_boot/signature_list.ts";
import { programOf, SlotFolder } from "../../support/build/slot_folder.ts";
import { peFile } from "../../support/format/pe_file.ts";
import { signedPe, SIGNER, STRANGER } from "../../support/format/signed_pe.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { busyboxMissing, busyboxShell } from "../../support/shell/busybox_shell.ts";

const runner = denoRunner();
const missing = programsMissing(runner, "ssh-keygen", "tar") ?? busyboxMissing(runner, "debian");
const FILES = {
  "root.img": new Uint8Array(2_500_000).map((_, i) => i * 7),
  "system.efi": programOf(3),
};
const good = { state: "good" }, empty = { state: "empty" };
const trying = { state: "trying", left: 3, failed: 0 };

function attackTest(name: string, check: (slots: SlotFolder) => Promise<void>): void {
  Deno.test({
    ...named(name, missing),
    async fn() {
      await using shell = await busyboxShell(runner, "debian", []);
      using slots = await SlotFolder.create(runner, shell.sh, "efi");
      await check(slots);
    },
  });
}

/** The header of a tar's file, with a size of its own. */
function header(name: string, size: number): Uint8Array {
  const bytes = new Uint8Array(512);
  bytes.set(new TextEncoder().encode(name));
  bytes.set(new TextEncoder().encode(`${size.toString(8).padStart(11, "0")}\0`), 124);
  bytes[156] = 48;
  return bytes;
}

/** Where a file begins in a tar. */
function placeOf(tar: Uint8Array, name: string): number {
  const wanted = new TextEncoder().encode(`${name}\0`);
  return tar.findIndex((_, i) => i % 512 === 0 && wanted.every((byte, j) => tar[i + j] === byte));
}

const BACK = /slot b is empty, and not started until it is written again/;

attackTest("sizes that nobody signed fill neither memory nor the boot partition", async (slots) => {
  const small = 'df() { printf "Filesystem\\n/dev/x 2000 1000 1000 50%% /boot\\n"; }\n';
  slots.write("library/efi.sh", `${slots.read("library/efi.sh")}${small}`);
  const whole = await slots.update(FILES);
  const head = whole.slice(0, placeOf(whole, "root.img"));
  for (const name of ["root.img", "system.efi"]) {
    const update = concat([head, header(name, 0o7777777_7777), new Uint8Array(5_000_000)]);
    const streamed = await slots.run(["write-other", "-"], update);
    assertEquals(streamed.code, 1);
    assertMatch(streamed.err, new RegExp(`${name} has 8589934591 bytes, and there is only room`));
    assertMatch(streamed.err, BACK);
    Deno.writeFileSync(slots.at("update.tar"), update);
    const read = await slots.run(["write-other", slots.at("update.tar")]);
    assertMatch(read.err, /there is only room for [0-9]+ at/);
    assertEquals(read.err.includes("is empty"), false, "nothing was changed");
    assertEquals((await slots.status()).slots, { a: good, b: empty });
    assert([...Deno.readDirSync(slots.at("boot/EFI/tower"))].length === 0);
  }
});

attackTest("what is told of a hostile update stays one line", async (slots) => {
  const { code, err } = await slots.run(
    ["write-other", "-"],
    concat([header("x\ntower-slot: slot b is written\x1b[2J", 0), new Uint8Array(512)]),
  );
  assertEquals(code, 1);
  assertEquals(
    err,
    "tower-slot: cannot write the other slot: the update begins with " +
      "x?tower-slot: slot b is written?[2J instead of SHA256SUMS\n",
  );
});

attackTest("an update of another system or architecture is refused", async (slots) => {
  const write = async (files: Parameters<SlotFolder["update"]>[0]) => {
    const update = await slots.update(files);
    Deno.writeFileSync(slots.at("update.tar"), update);
    return await slots.run(["write-other", slots.at("update.tar")]);
  };
  const other = await write({ "other.img": "x", "system.efi": FILES["system.efi"] });
  assertMatch(other.err, /the update has no signed root.img/);
  const machine = Deno.build.arch === "aarch64" ? 0x8664 : 0xaa64;
  for (const program of [peFile({ machine }), new TextEncoder().encode("#!/bin/sh\n")]) {
    const { code, err } = await write({ ...FILES, "system.efi": program });
    assertEquals(code, 1);
    assertMatch(err, /system.efi is no EFI program for (x86_64|aarch64)/);
    assertEquals((await slots.status()).slots, { a: good, b: empty });
  }
});

/** A write-other that has begun to write the slot, and waits for more of its stream. */
async function begun(slots: SlotFolder) {
  const whole = await slots.update(FILES);
  const process = slots.start(["write-other", "-"]);
  const writer = process.stdin.getWriter();
  const half = placeOf(whole, "root.img") + 1_500_000;
  await writer.write(whole.slice(0, half));
  void process.stdout.cancel();
  const err = new Response(process.stderr).text();
  const isWritten = () =>
    Deno.readFileSync(slots.at("root-b")).subarray(0, 1000).some((b) => b !== 0);
  while (!isWritten()) await new Promise((resolve) => setTimeout(resolve, 20));
  return { process, writer, rest: whole.slice(half), err, whole };
}

attackTest("two do not write at once, whatever becomes of the first one", async (slots) => {
  {
    const { process, writer, rest, err, whole } = await begun(slots);
    await using _ = process;
    const second = await slots.run(["write-other", "-"], whole);
    assertEquals(second.code, 1);
    assertMatch(second.err, new RegExp(`another tower-slot is at work \\(${process.pid}\\)`));
    assertEquals((await slots.status()).slots, { a: good, b: empty });
    await writer.write(rest);
    await writer.close();
    assertEquals(await process.ended, { kind: "exited", code: 0 }, await err);
    assertEquals((await slots.status()).slots.b, trying);
  }
  // Killed alone, it leaves a dd that goes on, and a lock of nobody.
  const { process, writer, whole } = await begun(slots);
  await using _ = process;
  Deno.kill(process.pid, "SIGKILL");
  await process.ended;
  const second = await slots.run(["write-other", "-"], whole);
  assertEquals(second.code, 1);
  assertMatch(second.err, /root-b is in use/);
  await writer.abort().catch(() => undefined);
  for (let tries = 0;; tries++) {
    const { code, err } = await slots.run(["write-other", "-"], whole);
    if (code === 0) break;
    assert(tries < 100, err);
    assertMatch(err, /is in use/);
  }
  assertEquals((await slots.status()).slots.b, trying);
});

attackTest("a lock of a number that was given again is nobody's", async (slots) => {
  for (const pid of [String(Deno.pid), "999999999", "x"]) {
    Deno.symlinkSync(pid, slots.at("run/lock"));
    const { code, err } = await slots.run(["mark-good"]);
    assertEquals([pid, code], [pid, 0], err);
    assertEquals([...Deno.readDirSync(slots.at("run"))], []);
  }
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  attackTest(`${signal} leaves a slot that is not started, and no lock`, async (slots) => {
    await slots.run(["write-other", "-"], await slots.update(FILES));
    assertEquals((await slots.status()).next, "b");
    Deno.writeFileSync(slots.at("root-b"), new Uint8Array(3 << 20));
    const { process, writer, err, whole } = await begun(slots);
    await using _ = process;
    // To all of its group, as a terminal does.
    Deno.kill(-process.pid, signal);
    assertEquals(await process.ended, { kind: "exited", code });
    assertMatch(await err, /tower-slot: interrupted\ntower-slot: slot b is empty, and not started/);
    await writer.abort().catch(() => undefined);
    assertEquals([...Deno.readDirSync(slots.at("run"))], []);
    assertEquals(await slots.status(), { running: "a", next: "a", slots: { a: good, b: empty } });
    assertEquals((await slots.run(["write-other", "-"], whole)).code, 0);
    assertEquals((await slots.status()).slots.b, trying);
  });
}

/** Whose an entry of firmware's keys is; a list of hashes, which machines have beside certificates. */
const OWNER = asUuid("77fa9abd-0359-4d32-bd60-28f4e78f784b")!;
const HASHES = new Uint8Array(28 + 48);
HASHES.set(Uint8Array.fromHex("2616c4c14c509240aca941f936934328"));
new DataView(HASHES.buffer).setUint32(16, HASHES.length, true);
new DataView(HASHES.buffer).setUint32(24, 48, true);

attackTest(
  "a program that the machine's firmware would refuse is not taken",
  async (slots) => {
    const write = async (program: Uint8Array, way: "file" | "stream") => {
      const update = await slots.update({ ...FILES, "system.efi": program });
      Deno.writeFileSync(slots.at("update.tar"), update);
      return way === "file"
        ? await slots.run(["write-other", slots.at("update.tar")])
        : await slots.run(["write-other", "-"], update);
    };
    const list = ({ certificate: { der } }: typeof SIGNER) =>
      signatureLists([{ owner: OWNER, certificate: der }]);
    const known = list(SIGNER), other = list(STRANGER), mixed = concat([HASHES, other, known]);
    const unsigned = /system.efi is not signed, and Secure Boot is on/;
    const strange = /no key that this machine's firmware knows has signed system.efi/;
    const refused: readonly [Uint8Array, Uint8Array, RegExp][] = [
      [known, FILES["system.efi"], unsigned],
      [known, signedPe(FILES["system.efi"], STRANGER), strange],
      ...[other, HASHES, new Uint8Array(), known.subarray(0, -1), known.subarray(0, 40)].map((
        db,
      ): [Uint8Array, Uint8Array, RegExp] => [db, signedPe(FILES["system.efi"]), strange]),
    ];
    for (const [db, program, why] of refused) {
      slots.enforce(db);
      for (const way of ["file", "stream"] as const) {
        const { code, err } = await write(program, way);
        assertEquals(code, 1, err);
        assertMatch(err, why);
        assertEquals((await slots.status()).slots, { a: good, b: empty });
        const start = Deno.readFileSync(slots.at("root-b")).subarray(0, 9);
        assertEquals(start.some((byte) => byte !== 0), way === "stream");
        Deno.writeFileSync(slots.at("root-b"), new Uint8Array(3 << 20));
      }
    }
    assertEquals([...Deno.readDirSync(slots.at("run"))], []);
    for (const db of [known, mixed]) {
      slots.enforce(db);
      for (const way of ["file", "stream"] as const) {
        const { code, err } = await write(signedPe(FILES["system.efi"]), way);
        assertEquals(code, 0, err);
      }
    }
  },
);
