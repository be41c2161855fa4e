import { assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { findFirmware } from "../../build/boot/boot.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import type { ConsoleShell } from "../../lib/lab/console_shell.ts";
import { buildThinClient, thinClientMissing } from "../support/build/thin_client_system.ts";
import { atConsole, logIn } from "../support/machine/console_machine.ts";
import { annsAnswers, typedRun } from "../support/machine/setup_keys.ts";
import { PATIENCE } from "../support/machine/test_machine.ts";
import { named } from "../support/program/missing_programs.ts";
import { tempFolder } from "../support/program/file_sink.ts";

const runner = denoRunner();
/** Seconds that an answer may take under emulation, and setting up a disk. */
const [ANSWER, SETUP] = [60 * PATIENCE, 240 * PATIENCE];
const DISK = 6 * 2 ** 30;

/** That both systems, of the medium and of the disk, are closed and have both programs. */
async function checkSystem(shell: ConsoleShell): Promise<void> {
  const ask = async (line: string) => (await shell.run(line, ANSWER)).text;
  assertMatch(await ask("cat /sys/block/dm-0/dm/uuid"), /^CRYPT-VERITY-/);
  assertMatch(await ask("tower --version"), /^tower \d/m);
  const saved = await ask("doas iptables-save; doas ip6tables-save");
  assertEquals(saved.match(/^:(INPUT|FORWARD|OUTPUT) DROP /gm)?.length, 6, saved);
  assertEquals(saved.match(/--dport 22 /g)?.length, 2, saved);
  assertEquals(await ask("netstat -ltun | tail -n +3"), "");
  assertMatch(await ask("doas sysctl net.ipv6.conf.default.disable_ipv6"), /= 1$/m);
  assertStringIncludes(await ask("ls /var/towercomputers/builds/*"), "SHA256SUMS.sig");
}

Deno.test({
  ...named(
    "the thin client's medium starts to a shell, its rules in force and no port open, and so does the encrypted " +
      "disk that it sets up, with a login",
    thinClientMissing(),
  ),
  async fn(t) {
    using folder = tempFolder();
    const image = await buildThinClient(folder.path);
    const disk = join(folder.path, "disk.img");
    Deno.writeFileSync(disk, new Uint8Array());
    Deno.truncateSync(disk, DISK);
    const firmware = { kind: "uefi", file: findFirmware("x86_64") } as const;
    const moreDisks = [{ image: disk, serial: "inner" }] as const;
    await t.step(
      "the medium",
      () =>
        atConsole(runner, { image, disk: "usb", firmware, moreDisks }, async (shell) => {
          assertEquals((await shell.run("id -un", ANSWER)).text, "tower\n");
          await checkSystem(shell);
          assertMatch(
            (await shell.run("tower-build systems", ANSWER)).text,
            /^thinclient +x86_64 /m,
          );
          // The lab repository has programs of Debian's, and no apk.
          const { text: packages } = await shell.run("tower packages thinclient", ANSWER);
          assertStringIncludes(packages, "answer: it has no apk");
          assertEquals((await shell.run("echo mine > ~/.local/tower/mark", ANSWER)).code, 0);
          const { code, text } = await typedRun(shell, "doas tower setup", annsAnswers("inner"), [
            ANSWER,
            SETUP,
          ]);
          assertEquals(code, 0, text);
          assertNotMatch(text, /secret|a long passphrase/);
          assertStringIncludes(text, 'The thin client "desk" is on /dev/vda');
        }),
    );
    await t.step("the disk", () =>
      atConsole(runner, { image: disk, firmware }, async (shell) => {
        const ask = async (line: string) => (await shell.run(line, ANSWER)).text;
        assertEquals(await ask("pwd; hostname; date +%Z"), "/home/ann\ndesk\nCET\n");
        assertMatch(await ask("id"), /^uid=1000\(ann\) .*\(disk\)/);
        assertEquals(
          await ask("cat ~/.local/tower/mark; ls -1 ~/.local/tower"),
          "mine\nimage_signers\nmark\n",
        );
        assertMatch(await ask("cat /proc/mounts"), /^\/dev\/mapper\/tower-data \/home ext4 rw/m);
        await checkSystem(shell);
      }, logIn("ann", "secret", "a long passphrase")));
  },
});
