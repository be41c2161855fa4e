import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { PLACES } from "../support/machine/flipped_bits.ts";
import { buildSealed, sealedMissing, startSealed } from "../support/machine/sealed_machine.ts";
import { SshClient } from "../support/machine/ssh_client.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { named } from "../support/program/missing_programs.ts";

const runner = denoRunner();
/** Seconds until keys are enrolled, and until a machine must have said why it does not start. */
const [ENROLLED, REFUSED] = [60, 90];

Deno.test({
  ...named(
    "a sealed system with one bit flipped does not start, and says why",
    sealedMissing(runner),
  ),
  async fn(t) {
    using folder = tempFolder();
    const client = await SshClient.create(runner, folder.path);
    const sealed = await buildSealed(folder.path, client.publicKey);
    {
      await using machine = startSealed(runner, folder.path, sealed);
      assertEquals(await machine.waitForEnd(ENROLLED), { kind: "exited", code: 0 });
    }
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
  },
});
