import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import {
  type Ask,
  askSealed,
  buildSealed,
  type SealedBuild,
  sealedMissing,
  sealedUpdate,
  startSealed,
  unsign,
} from "../support/machine/sealed_machine.ts";
import { flipBit } from "../support/format/flip_bit.ts";
import { SshClient } from "../support/machine/ssh_client.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { named } from "../support/program/missing_programs.ts";

const runner = denoRunner();
/** Seconds until keys are enrolled, a machine has refused, or starts anew as its root is corrupted. */
const [ENROLLED, REFUSED, PANIC] = [60, 60, 90];

/** Of a squashfs: it is read first of all. */
const IN_SUPERBLOCK = 40;

Deno.test({
  ...named(
    "lab-sealed starts by Secure Boot from a verified root, takes an update, and comes back from a bad one",
    sealedMissing(runner),
  ),
  async fn(t) {
    using folder = tempFolder();
    const client = await SshClient.create(runner, folder.path);
    const sealed = await buildSealed(folder.path, client.publicKey);
    const machine = (image: string, more = {}) =>
      startSealed(runner, folder.path, { image, ...more });

    const ask = (questions: (ssh: Ask) => Promise<void>) =>
      askSealed(runner, folder.path, { client, image: sealed.image }, questions);

    await t.step("enrols its keys", async () => {
      await using enrolling = machine(sealed.image);
      assertEquals(await enrolling.waitForEnd(ENROLLED), { kind: "exited", code: 0 });
      assertStringIncludes(enrolling.console(), "Enrolling secure boot keys");
      assertNotMatch(enrolling.console(), /OpenRC/);
    });

    const good = await buildSealed(folder.path, client.publicKey, { version: "good" });
    const strange = await buildSealed(folder.path, client.publicKey, {
      ...{ version: "strange", keys: "other-keys" },
    });
    const sealedBy = (build: SealedBuild) => sealedUpdate(runner, build, client.key);

    await t.step("starts, and takes an update that its firmware will start", async () => {
      await ask(async (ssh) => {
        assertMatch(await ssh("dmesg"), /secureboot: Secure boot enabled/);
        assertMatch(await ssh("cat /proc/mounts"), /^overlay \/ overlay rw/m);
        assertMatch(await ssh("cat /sys/block/dm-0/dm/uuid"), /^CRYPT-VERITY-/);
        assertEquals(await ssh("cat /sys/block/dm-0/ro"), "1\n");
        assertEquals(await ssh("cat /dev/dm-0 | wc -c"), `${rootSize(sealed.image)}\n`);
        assertEquals(await ssh("echo new > /etc/new; cat /etc/new"), "new\n");
        assertMatch(await ssh("cat /proc/mounts"), /^\/dev\/\S+ \/data ext4 rw/m);
        assertEquals(await ssh("tower-slot status"), "a: good, running, next\nb: empty\n");
        const refused = await ssh(
          "tower-slot write-other - 2>&1 || tower-slot status",
          await sealedBy(strange),
        );
        assertMatch(refused, /no key that this machine's firmware knows has signed lab-sealed.efi/);
        assertMatch(refused, /^b: empty$/m);
        await ssh("tower-slot write-other -", await sealedBy(good));
        assertMatch(await ssh("tower-slot status"), /^b: trying, 2 left, 0 begun, next$/m);
      });
    });

    await t.step("starts the update, which stays, and takes one with a wrong bit", async () => {
      await ask(async (ssh) => {
        assertEquals(await ssh("cat /etc/version"), "good\n");
        assertEquals(
          await ssh("test -e /etc/new || tower-slot status"),
          [
            ...["a: good", "b: good, running, next", ""],
          ].join("\n"),
        );
        // Signed as it is: the slot is what it should be, and its root is not.
        flipBit(join(sealed.folder, "lab-sealed.squashfs"), IN_SUPERBLOCK);
        await ssh("tower-slot write-other -", await sealedBy(sealed));
        assertMatch(await ssh("tower-slot status"), /^a: trying, 2 left, 0 begun, next$/m);
      });
    });

    await t.step("comes back from it by itself", async () => {
      for (let left = 2; left > 0; left--) {
        await using failing = machine(sealed.image, { keeps: true });
        assertEquals(await failing.waitForEnd(PANIC), { kind: "exited", code: 0 });
        assertMatch(failing.console(), /dm-verity device corrupted/);
      }
      await ask(async (ssh) => {
        assertEquals(
          await ssh("cat /etc/version; tower-slot status"),
          [
            ...["good", "a: bad", "b: good, running, next", ""],
          ].join("\n"),
        );
      });
    });

    await t.step("refuses what is not signed", async () => {
      await unsign(runner, good);
      await using refusing = machine(good.image);
      const refused = () => {
        assertStringIncludes(refusing.console(), "Security Violation");
        return Promise.resolve();
      };
      await refusing.eventually(REFUSED, refused);
      assert(!/OpenRC|Linux version/.test(refusing.console()));
    });
  },
});

/** Bytes that are hashed of the root: what the superblock of the first hash tree tells. */
function rootSize(image: string): number {
  using file = Deno.openSync(image);
  // Partitions lie behind one another: the tree is found by its magic at a multiple of 1 MiB.
  const block = new Uint8Array(80);
  for (let at = 0;; at += 1 << 20) {
    file.seekSync(at, Deno.SeekMode.Start);
    if ((file.readSync(block) ?? 0) < block.length) throw new Error("there is no hash tree");
    if (new TextDecoder().decode(block.subarray(0, 6)) !== "verity") continue;
    return Number(new DataView(block.buffer).getBigUint64(72, true)) * 4096;
  }
}
