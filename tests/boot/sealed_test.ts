import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { freePort } from "../../lib/qemu/deno_loopback.ts";
import {
  buildSealed,
  sealedMissing,
  startSealed,
  unsign,
} from "../support/machine/sealed_machine.ts";
import { SshClient } from "../support/machine/ssh_client.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { named } from "../support/program/missing_programs.ts";

const runner = denoRunner();
/** Seconds until keys are enrolled, until a machine answers, is off, or has refused. */
const [ENROLLED, START, STOP, REFUSED] = [60, 150, 60, 60];

Deno.test({
  ...named(
    "lab-sealed enrols its keys, starts by Secure Boot from a verified root, and nothing unsigned",
    sealedMissing(runner),
  ),
  async fn(t) {
    using folder = tempFolder();
    const client = await SshClient.create(runner, folder.path);
    const sealed = await buildSealed(folder.path, client.publicKey);

    await t.step("enrols", async () => {
      await using machine = startSealed(runner, folder.path, sealed);
      assertEquals(await machine.waitForEnd(ENROLLED), { kind: "exited", code: 0 });
      assertStringIncludes(machine.console(), "Enrolling secure boot keys");
      assertNotMatch(machine.console(), /OpenRC/);
    });

    await t.step("starts", async () => {
      const port = freePort();
      await using machine = startSealed(runner, folder.path, { ...sealed, port });
      const ssh = (command: string) => client.run({ address: "127.0.0.1", port }, command);
      await machine.eventually(START, () => ssh("true"));
      await machine.orConsole(async () => {
        assertMatch(await ssh("dmesg"), /secureboot: Secure boot enabled/);
        assertMatch(await ssh("cat /proc/mounts"), /^overlay \/ overlay rw/m);
        assertMatch(await ssh("cat /sys/block/dm-0/dm/uuid"), /^CRYPT-VERITY-/);
        assertEquals(await ssh("cat /sys/block/dm-0/ro"), "1\n");
        assertEquals(await ssh("cat /dev/dm-0 | wc -c"), `${rootSize(sealed.image)}\n`);
        assertEquals(await ssh("echo new > /etc/new; cat /etc/new"), "new\n");
        assertMatch(await ssh("cat /proc/mounts"), /^\/dev\/\S+ \/data ext4 rw/m);
        await ssh("poweroff").catch(() => undefined); // sshd may end first
        assertEquals(await machine.waitForEnd(STOP), { kind: "exited", code: 0 });
        assertNotMatch(machine.console(), /\[ !! \]|Call Trace|No such file/);
      });
    });

    await t.step("refuses", async () => {
      await unsign(runner, sealed);
      await using machine = startSealed(runner, folder.path, sealed);
      const refused = () => {
        assertStringIncludes(machine.console(), "Security Violation");
        return Promise.resolve();
      };
      await machine.eventually(REFUSED, refused);
      assert(!/OpenRC|Linux version/.test(machine.console()));
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
