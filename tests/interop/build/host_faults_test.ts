import { assertEquals, assertStringIncludes } from "@std/assert";
import { realEnv } from "../../../lib/env.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { listDir } from "../../../lib/files/files.ts";
import { hostMissing } from "../../support/build/host_system.ts";
import { TestProgram } from "../../support/program/test_program.ts";

const missing = hostMissing();
const note = missing ? ` (skipped: ${missing})` : "";

const disk = (change: string) =>
  `outputs:
  - kind: disk
    file: a.img
    table: mbr
    boot: { free: 8MiB }
    root: { free: 8MiB }
    loaders: [syslinux]
    flavour: lts
    initramfs: /boot/initramfs-lts
`.replace(...(change.split(" => ") as [string, string]));

/** What may be wrong with a manifest that extends the host: its text, and its place. */
const FAULTS: Readonly<Record<string, readonly [text: string, place: string, message: string]>> = {
  "a package that no repository has": [
    "stages:\n  - kind: packages\n    world: [nothing-at-all]\n",
    "5:13: stages[0].world[0]",
    "nothing-at-all: no repository has it",
  ],
  "a kernel flavour that no package brings": [
    "stages:\n  - { kind: kernel, flavour: lst }\n",
    "4:30: stages[0].flavour",
    'Cannot find kernel "lst"',
  ],
  "an initramfs feature that is none": [
    'stages:\n  - kind: initramfs\n    flavour: lts\n    path: /boot/i\n    modules: ["@nvmee"]\n',
    "7:15: stages[0].modules[0]",
    'Cannot find kernel module "@nvmee"',
  ],
  "a boot partition too small for its content": [
    disk("boot: { free: 8MiB } => boot: { size: 8MiB }"),
    "7:19: outputs[0].boot.size",
    "MiB are enough",
  ],
  "a root partition too small for its content": [
    disk("root: { free: 8MiB } => root: { size: 64MiB }"),
    "8:19: outputs[0].root.size",
    "MiB is enough",
  ],
  "an output of a flavour that is not there": [
    disk("flavour: lts => flavour: lst"),
    "10:14: outputs[0].flavour",
    '"/boot/vmlinuz-lst"',
  ],
};

Deno.test({
  name: `what a manifest asks too much of a host is told with file, line and field${note}`,
  ignore: missing !== undefined,
  async fn(t) {
    using program = new TestProgram();
    Object.assign(program.env, { cacheDir: realEnv().cacheDir, runner: denoRunner() });
    for (const [name, [text, place, message]] of Object.entries(FAULTS)) {
      await t.step(name, async () => {
        program.write("mine.yaml", `name: mine\nextends: host\n${text}`);
        const args = ["build", "mine.yaml", "--offline", "--output", "out"];
        const { code, error } = await program.fails(...args);
        assertEquals(code, 1);
        assertStringIncludes(error.join("\n"), `mine.yaml:${place}`);
        assertStringIncludes(error.join("\n"), message);
        const left = listDir(program.path("")).includes("out") ? listDir(program.path("out")) : [];
        assertEquals(left.filter((file) => !file.endsWith("lock.json")), []);
      });
    }
  },
});
