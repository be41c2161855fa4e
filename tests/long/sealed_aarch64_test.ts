import { assertEquals, assertMatch } from "@std/assert";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import {
  type Ask,
  askSealed,
  buildSealed,
  sealedMissing,
  sealedUpdate,
  startSealed,
} from "../support/machine/sealed_machine.ts";
import { SshClient } from "../support/machine/ssh_client.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { named } from "../support/program/missing_programs.ts";

const runner = denoRunner();
const arch = "aarch64";
/** Seconds until keys are enrolled. */
const ENROLLED = 120;

Deno.test({
  ...named(
    "lab-sealed for aarch64 starts by Secure Boot from a verified root, and takes an update",
    sealedMissing(runner, arch),
  ),
  async fn() {
    using folder = tempFolder();
    const client = await SshClient.create(runner, folder.path);
    const { image } = await buildSealed(folder.path, client.publicKey, { arch });
    {
      await using enrolling = startSealed(runner, folder.path, { image, arch });
      assertEquals(await enrolling.waitForEnd(ENROLLED), { kind: "exited", code: 0 });
    }
    const good = await buildSealed(folder.path, client.publicKey, { arch, version: "good" });
    const update = await sealedUpdate(runner, good, client.key);
    const ask = (questions: (ssh: Ask) => Promise<void>) =>
      askSealed(runner, folder.path, { client, image, arch }, questions);
    await ask(async (ssh) => {
      assertMatch(await ssh("dmesg"), /secureboot: Secure boot enabled/);
      assertMatch(await ssh("cat /sys/block/dm-0/dm/uuid"), /^CRYPT-VERITY-/);
      await ssh("tower-slot write-other -", update);
    });
    await ask(async (ssh) => {
      assertEquals(
        await ssh("cat /etc/version; tower-slot status"),
        [
          ...["good", "a: good", "b: good, running, next", ""],
        ].join("\n"),
      );
    });
  },
});
