import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { buildThinClient, thinClientMissing } from "../support/build/thin_client_system.ts";
import { atConsole } from "../support/machine/console_machine.ts";
import { PATIENCE } from "../support/machine/test_machine.ts";
import { named } from "../support/program/missing_programs.ts";
import { tempFolder } from "../support/program/file_sink.ts";

const runner = denoRunner();
/** Seconds that an answer may take under emulation. */
const ANSWER = 60 * PATIENCE;

Deno.test({
  ...named(
    "the thin client's medium starts to a shell with both programs, its rules in force and no port open",
    thinClientMissing(),
  ),
  async fn() {
    using folder = tempFolder();
    const image = await buildThinClient(folder.path);
    await atConsole(runner, { image, disk: "cd", firmware: { kind: "bios" } }, async (shell) => {
      const ask = async (line: string) => (await shell.run(line, ANSWER)).text;
      assertStringIncludes(
        await ask("id -un; cat /sys/block/dm-0/dm/uuid"),
        "tower\nCRYPT-VERITY-",
      );
      assertMatch(await ask("tower --version"), /^tower \d/m);
      assertMatch(await ask("tower-build systems"), /^thinclient +x86_64 /m);
      // The lab repository has programs of Debian's, and no apk.
      assertStringIncludes(await ask("tower packages thinclient"), "answer: it has no apk");
      const saved = await ask("doas iptables-save; doas ip6tables-save");
      assertEquals(saved.match(/^:(INPUT|FORWARD|OUTPUT) DROP /gm)?.length, 6, saved);
      assertEquals(saved.match(/--dport 22 /g)?.length, 2, saved);
      assertEquals(await ask("netstat -ltun | tail -n +3"), "");
      assertMatch(await ask("doas sysctl net.ipv6.conf.default.disable_ipv6"), /= 1$/m);
      assertStringIncludes(await ask("ls /var/towercomputers/builds/*"), "SHA256SUMS.sig");
    });
  },
});
