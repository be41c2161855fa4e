import { assertEquals, assertMatch } from "@std/assert";
import { basename, dirname, join } from "@std/path";
import { findFirmware } from "../../build/boot/boot.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { buildThinClients, thinClientMissing } from "../support/build/thin_client_system.ts";
import { atConsole, logIn, untilItEnds } from "../support/machine/console_machine.ts";
import { PATIENCE } from "../support/machine/test_machine.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";
import { tempFolder } from "../support/program/file_sink.ts";

const runner = denoRunner();
const DISK = 6 * 2 ** 30;
/** Seconds that setting up, upgrading, other answers and a panic take at most under emulation. */
const [SETUP, UPGRADE, ANSWER, PANIC] = [400, 400, 60, 200].map((s) => s * PATIENCE) as [
  ...[number, number, number, number],
];
const TRIES = 3;
const ANN = { user: "ann", password: "correct horse" };
const ANSWERS = "disk: inner\\nusername: ann\\npassword: { file: password }\\nhostname: desk\\n";
const TOWER = 'doas env HOME="$HOME" tower';

/** A stick with files: an image with what is signed of its build, in a folder for each. */
async function stick(path: string, images: readonly string[], isFlat: boolean): Promise<string> {
  using files = tempFolder();
  for (const image of images) {
    const folder = isFlat ? files.path : join(files.path, basename(dirname(image)));
    Deno.mkdirSync(folder, { recursive: true });
    for (const name of [basename(image), "SHA256SUMS", "SHA256SUMS.sig"]) {
      Deno.linkSync(join(dirname(image), name), join(folder, name));
    }
  }
  await runner.run({
    argv: ["mke2fs", "-q", "-t", "ext4", "-L", "stick", "-d", files.path, path, "900M"],
  });
  return path;
}

Deno.test({
  ...named(
    "a thin client on a disk is upgraded, keeps its user's files, and comes back from a broken upgrade",
    thinClientMissing() ?? programsMissing(runner, "mke2fs"),
  ),
  async fn(t) {
    using folder = tempFolder();
    const at = (name: string) => join(folder.path, name);
    const [first, second, broken] = await buildThinClients([
      { folder: at("first"), version: "0.1.0" },
      { folder: at("second"), version: "0.2.0" },
      // What does not start: nothing is there that could be init.
      {
        folder: at("broken"),
        version: "0.10.0",
        stages: [{ kind: "files", remove: ["/sbin/init"] }],
      },
    ]) as [string, string, string];
    const disk = at("disk.img");
    Deno.writeFileSync(disk, new Uint8Array());
    Deno.truncateSync(disk, DISK);
    const firmware = { kind: "uefi", file: findFirmware("x86_64") } as const;
    const client = { image: disk, firmware };
    const enter = logIn(ANN.user, ANN.password);
    const version = "sed -n s/^version=//p /usr/lib/tower-slot/system";
    const slots = "doas tower-slot status";

    await t.step("is set up from its first medium", async () => {
      const moreDisks = [{ image: disk, serial: "inner" }] as const;
      await atConsole(runner, { image: first, disk: "usb", firmware, moreDisks }, async (shell) => {
        const write = `umask 077; echo '${ANN.password}' > password; printf '${ANSWERS}' > answers`;
        assertEquals((await shell.run(write, ANSWER)).code, 0);
        const refused = await shell.run(`${TOWER} upgrade --image answers`, ANSWER);
        assertMatch(refused.text, /was not started from a slot/);
        const { code, text } = await shell.run(`${TOWER} setup --answers answers`, SETUP);
        assertEquals(code, 0, text);
      });
    });

    await t.step("takes a later one from a stick", async () => {
      const image = await stick(at("later.img"), [second], true);
      const moreDisks = [{ image, serial: "later", removable: true }] as const;
      await atConsole(runner, { ...client, moreDisks }, async (shell) => {
        const ask = async (line: string, seconds = ANSWER) =>
          (await shell.run(line, seconds)).text.trim();
        assertEquals(await ask(version), "0.1.0");
        assertEquals(
          await ask("echo mine > ~/mine; doas tower-slot status"),
          [
            ...["a: good, running, next", "b: empty"],
          ].join("\n"),
        );
        const upgrade = `${TOWER} upgrade --image $(findfs LABEL=stick)`;
        const { code, text } = await shell.run(upgrade, UPGRADE);
        assertEquals(code, 0, text);
        assertMatch(text, /it is newer: slot a runs thinclient 0\.1\.0/);
        assertEquals(await ask(slots), "a: good, running\nb: trying, 3 left, 0 begun, next");
      }, enter);
    });

    await t.step("runs that, which stays, and takes a broken one", async () => {
      const image = await stick(at("broken.img"), [first, broken], false);
      const moreDisks = [{ image, serial: "broken", removable: true }] as const;
      await atConsole(runner, { ...client, moreDisks }, async (shell) => {
        const ask = async (line: string, seconds = ANSWER) =>
          (await shell.run(line, seconds)).text.trim();
        assertEquals(await ask(`${version}; cat ~/mine`), "0.2.0\nmine");
        const kept = `until ${slots} | grep -q '^b: good, running'; do sleep 1; done; ${slots}`;
        assertEquals(await ask(kept, PANIC), "a: good\nb: good, running, next");
        await ask("doas mount -o ro $(findfs LABEL=stick) /mnt");
        const older = await ask(`${TOWER} upgrade --image /mnt/first`, UPGRADE);
        assertMatch(older, /thinclient 0\.1\.0 of \S+ is older than thinclient 0\.2\.0 of/);
        assertEquals(await ask(slots), "a: good\nb: good, running, next");
        const { code, text } = await shell.run(
          `${TOWER} upgrade --image /mnt/broken --json 2>/dev/null`,
          UPGRADE,
        );
        assertEquals(code, 0, text);
        assertEquals(JSON.parse(text).next.version, "0.10.0");
      }, enter);
    });

    await t.step("comes back from it by itself", async () => {
      for (let left = TRIES; left > 0; left--) {
        assertMatch(
          await untilItEnds(runner, client, PANIC),
          /cannot start the system: the root file system on \S+ has no init/,
        );
      }
      await atConsole(runner, client, async (shell) => {
        const { text } = await shell.run(`${version}; cat ~/mine; ${slots}`, ANSWER);
        assertEquals(text.trim(), "0.2.0\nmine\na: bad\nb: good, running, next");
      }, enter);
    });
  },
});
