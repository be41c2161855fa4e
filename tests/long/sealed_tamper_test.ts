import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { freePort } from "../../lib/qemu/deno_loopback.ts";
import { PLACES } from "../support/machine/flipped_bits.ts";
import { flipRoot, readFlippedRoot, readFlippedTrees } from "../support/machine/flipped_blocks.ts";
import { refuseFlippedPrograms } from "../support/machine/flipped_programs.ts";
import { buildSealed, sealedMissing, startSealed } from "../support/machine/sealed_machine.ts";
import { SshClient } from "../support/machine/ssh_client.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";

const runner = denoRunner();
/** Seconds until keys are enrolled, a machine must have said why it does not start, and answers. */
const [ENROLLED, REFUSED, START] = [60, 90, 150];
/** Places where a bit is flipped, all kinds together. */
const LEAST = 30;

Deno.test({
  ...named(
    "a sealed system with one bit flipped does not start, and says why",
    sealedMissing(runner) ?? programsMissing(runner, "sbverify"),
  ),
  async fn(t) {
    using folder = tempFolder();
    const client = await SshClient.create(runner, folder.path);
    const sealed = await buildSealed(folder.path, client.publicKey);
    {
      await using machine = startSealed(runner, folder.path, sealed);
      assertEquals(await machine.waitForEnd(ENROLLED), { kind: "exited", code: 0 });
    }
    let count = PLACES.length;
    for (const { what, says, flip } of PLACES) {
      await t.step(what, async () => {
        await flip(sealed, runner);
        {
          await using machine = startSealed(runner, folder.path, sealed);
          await machine.eventually(
            REFUSED,
            () => Promise.resolve(assertMatch(machine.console(), says)),
          );
          assertNotMatch(machine.console(), /OpenRC/);
        }
        await flip(sealed, runner);
      });
    }
    await t.step("programs that are not as they were signed", async () => {
      count += await refuseFlippedPrograms(runner, sealed, join(folder.path, "keys"));
    });
    await t.step("blocks of the root and of its hash tree, as its kernel reads them", async () => {
      const copies = flipRoot(sealed);
      const port = freePort();
      await using machine = startSealed(runner, folder.path, {
        ...{ image: sealed.image, port },
        moreDisks: [
          { image: copies.data, serial: "data" },
          { image: copies.hashes, serial: "hashes" },
        ],
      });
      const ssh = (command: string) => client.run({ address: "127.0.0.1", port }, command);
      await machine.eventually(START, () => ssh("true"));
      await machine.orConsole(async () => {
        await readFlippedRoot(ssh, copies);
        count += copies.blocks.length + await readFlippedTrees(ssh, sealed);
      });
    });
    assert(count >= LEAST, `only ${count} places`);
  },
});
