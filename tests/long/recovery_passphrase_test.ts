import { assert, assertEquals, assertMatch } from "@std/assert";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { qemuArgv } from "../../lib/qemu/machine.ts";
import {
  diskKey,
  emptyDisk,
  encryptedCard,
  KEY_FILE,
  removeBootFile,
} from "../support/encrypted_host.ts";
import { tempFolder } from "../support/file_sink.ts";
import { bootHost } from "../support/host_machine.ts";
import { buildHost, hostMissing, onlineEnv, TOWER } from "../support/host_system.ts";
import { NetworkNamespace } from "../support/network_namespace.ts";
import { SshClient } from "../support/ssh_client.ts";

const runner = denoRunner();
const missing = hostMissing() ?? (runner.which("mdel") ? undefined : "needs mtools");
const note = missing ? ` (skipped: ${missing})` : "";

const PASSPHRASE = "correct horse battery staple";
/** As docs/host.md has it, but that nobody types. */
const ADD = "doas mount /boot && " +
  `printf %s '${PASSPHRASE}' | doas cryptsetup luksAddKey --batch-mode ` +
  "--key-file /boot/crypto_keyfile.bin /dev/vdb && doas umount /boot";

Deno.test({
  name: `C3: without its key a host's disk opens by a recovery passphrase at the console${note}`,
  ignore: missing !== undefined,
  async fn() {
    using folder = tempFolder();
    const client = await SshClient.create(runner, folder.path);
    const image = await buildHost(folder.path);
    const env = { ...onlineEnv(client.publicKey), rootDevice: "auto" };
    const card = encryptedCard(image, folder.path, env, diskKey());
    const disk = emptyDisk(folder.path, "disk.img", 1024);
    await using network = await NetworkNamespace.create(runner);
    await network.addTap("tap0", `${TOWER.online.thinClient}/24`);
    const place = { card, disks: [disk], folder: folder.path, network, client };
    {
      await using host = await bootHost(place, "none");
      assertEquals(await host.machine.waitForEnd(240), { kind: "exited", code: 0 });
    }
    {
      await using host = await bootHost(place, "online");
      await host.machine.orConsole(() => host.ssh(ADD));
      await host.powerOff();
    }
    await removeBootFile(runner, card, KEY_FILE);
    await using terminal = new Terminal(card, disk);
    await terminal.sees(120, /The key of the encrypted disk is missing/);
    await terminal.sees(5, /Enter asks for a recovery passphrase/);
    terminal.types("\r");
    await terminal.sees(30, /Enter passphrase for \/dev\/vdb/);
    terminal.types("a wrong one\r");
    await terminal.sees(60, /No key available with this passphrase/);
    await terminal.sees(30, /The key of the encrypted disk is missing[^]*The key of the encrypted/);
    terminal.types("\r");
    await terminal.sees(30, /Enter passphrase[^]*Enter passphrase/);
    terminal.types(`${PASSPHRASE}\r`);
    await terminal.sees(150, /web login:/);
    assert(!terminal.text.includes(PASSPHRASE), "the console shows the passphrase");
  },
});

/** A host in QEMU whose serial console is typed at. */
class Terminal implements AsyncDisposable {
  text = "";
  readonly #process;
  readonly #input;
  readonly #read: Promise<void>;

  constructor(card: string, disk: string) {
    const argv = qemuArgv({
      arch: "x86_64",
      image: card,
      moreDisks: [{ image: disk, serial: "DISK1" }],
      snapshot: false,
      firmware: { kind: "bios" },
      accelerator: "tcg",
      memoryMiB: 512,
      processors: 1,
      network: { kind: "none" },
      serial: { kind: "stdio" },
    });
    this.#process = runner.spawn({ argv });
    this.#input = this.#process.stdin.getWriter();
    void this.#process.stderr.cancel();
    this.#read = this.#collect();
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoderStream();
    for await (const part of this.#process.stdout.pipeThrough(decoder)) this.text += part;
  }

  types(text: string): void {
    void this.#input.write(new TextEncoder().encode(text));
  }

  async sees(seconds: number, pattern: RegExp): Promise<void> {
    const end = performance.now() + seconds * 1000;
    while (!pattern.test(this.text)) {
      if (performance.now() > end) assertMatch(this.text.slice(-8000), pattern);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await this.#input.close().catch(() => undefined);
    await this.#read;
  }
}
