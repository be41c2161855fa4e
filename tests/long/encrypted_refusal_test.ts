import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { openDisk } from "../../lib/store/disk_file.ts";
import type { TowerEnv } from "../../lib/tower_env/tower_env.ts";
import { diskKey, emptyDisk, encryptedCard, KEY_FILE } from "../support/encrypted_host.ts";
import { tempFolder } from "../support/file_sink.ts";
import { buildHost, cardOf, envFile, hostMissing, onlineEnv } from "../support/host_system.ts";
import { VirtualMachine } from "../support/virtual_machine.ts";

const runner = denoRunner();
const tools = ["sfdisk", "mkfs.ext4"].find((tool) => runner.which(tool) === undefined);
const missing = hostMissing() ?? (tools ? `needs ${tools}` : undefined);
const note = missing ? ` (skipped: ${missing})` : "";

const NAMED = "/dev/disk/by-id/virtio-DISK1";
const PUBLIC_KEY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5${"A".repeat(48)} alice`;

/** A disk with what a real tool, or nobody known, wrote on it. */
type Contents = "nothing" | "a partition table" | "a file system" | "unknown data";

interface Case {
  readonly name: string;
  readonly rootDevice: string;
  /** Disks beside the card: contents and MiB. */
  readonly disks: readonly (readonly [Contents, number])[];
  /** `crypto_keyfile.bin`; a good one by default, none where null. */
  readonly key?: Uint8Array | null;
  readonly says: readonly RegExp[];
}

const CASES: readonly Case[] = [
  {
    name: "auto with two disks",
    rootDevice: "auto",
    disks: [["nothing", 1024], ["a partition table", 1024]],
    says: [
      /ROOT_DEVICE: auto cannot choose between 2 disks; name one, or take the others out/,
      /\/dev\/vdb, 1024 MiB, holds nothing, \/dev\/disk\/by-id\/virtio-DISK1/,
      /\/dev\/vdc, 1024 MiB, holds gpt, \/dev\/disk\/by-id\/virtio-DISK2/,
    ],
  },
  {
    name: "auto with no disk",
    rootDevice: "auto",
    disks: [],
    says: [/ROOT_DEVICE: auto finds no disk beside the boot disk; connect one/],
  },
  {
    name: "a named disk that is not there",
    rootDevice: "/dev/disk/by-id/virtio-OTHER",
    disks: [["nothing", 1024]],
    says: [
      /ROOT_DEVICE: there is no \/dev\/disk\/by-id\/virtio-OTHER/,
      /\/dev\/vdb, 1024 MiB, holds nothing, \/dev\/disk\/by-id\/virtio-DISK1/,
    ],
  },
  {
    name: "the disk that the machine starts from",
    rootDevice: "/dev/vda",
    disks: [["nothing", 1024]],
    says: [/ROOT_DEVICE: \/dev\/vda is the disk that this machine starts from/],
  },
  {
    name: "a named disk with a partition table",
    rootDevice: NAMED,
    disks: [["a partition table", 1024]],
    says: [/\/dev\/vdb is not empty: it holds gpt\./, /add the line ROOT_DEVICE_WIPE='true'/],
  },
  {
    name: "the only disk with a file system",
    rootDevice: "auto",
    disks: [["a file system", 1024]],
    says: [/\/dev\/vdb is not empty: it holds ext4\./],
  },
  {
    name: "a named disk with data of no known kind",
    rootDevice: NAMED,
    disks: [["unknown data", 1024]],
    says: [/\/dev\/vdb is not empty: it holds data of an unknown kind\./],
  },
  {
    name: "a disk too small",
    rootDevice: NAMED,
    disks: [["nothing", 64]],
    says: [/ROOT_DEVICE: \/dev\/vdb has 64 MiB; the system needs \d+/],
  },
  {
    name: "no key file",
    rootDevice: NAMED,
    disks: [["nothing", 1024]],
    key: null,
    says: [/ROOT_DEVICE needs the file crypto_keyfile\.bin beside tower\.env, which is missing/],
  },
  {
    name: "a key file of another size",
    rootDevice: NAMED,
    disks: [["nothing", 1024]],
    key: new Uint8Array(2047).fill(7),
    says: [/crypto_keyfile\.bin beside tower\.env must have 2048 bytes; it has 2047/],
  },
  {
    name: "a key file of zeros",
    rootDevice: NAMED,
    disks: [["nothing", 1024]],
    key: new Uint8Array(2048),
    says: [/crypto_keyfile\.bin beside tower\.env is damaged: it has zeros in place of a key/],
  },
];

Deno.test({
  name: `C5: no disk is written that is not surely meant, and the console says why${note}`,
  ignore: missing !== undefined,
  async fn(t) {
    using folder = tempFolder();
    const image = await buildHost(folder.path);
    for (const { name, rootDevice, disks, key, says } of CASES) {
      await t.step(name, async () => {
        const files = disks.map(([contents, mib], i) =>
          diskWith(folder.path, `disk${i}.img`, contents, mib)
        );
        const paths = await Promise.all(files);
        const before = await Promise.all(paths.map(hashOf));
        const env = { ...onlineEnv(PUBLIC_KEY), rootDevice };
        const keys = key === null ? [] : [key ? { name: KEY_FILE, bytes: key } : diskKey()];
        const card = cardOf(image, join(folder.path, "card.img"), [envFile(env), ...keys]);
        await using machine = start(folder.path, card, paths);
        await waitFor(machine, 150, /Then start this machine anew\./);
        await machine.orConsole(() => {
          const text = machine.console();
          for (const pattern of says) assertMatch(text, pattern);
          assertMatch(text, /Nothing was changed, and the network stays closed/);
          assert(!/first boot: (root-device|encrypting)/.test(text), text);
          return Promise.resolve();
        });
        assertEquals(await Promise.all(paths.map(hashOf)), before);
      });
    }
    await t.step("a named disk with a file system that may be wiped, and no other", async () => {
      const disk = await diskWith(folder.path, "disk0.img", "a file system", 1024);
      const other = await diskWith(folder.path, "disk1.img", "a partition table", 1024);
      const before = await hashOf(other);
      const env: TowerEnv = {
        ...onlineEnv(PUBLIC_KEY),
        ...{ rootDevice: NAMED, wipesRootDevice: true },
      };
      const card = encryptedCard(image, folder.path, env, diskKey());
      await using machine = start(folder.path, card, [disk, other]);
      assertEquals(await machine.waitForEnd(240), { kind: "exited", code: 0 });
      assertMatch(machine.console(), /first boot: restart from the encrypted disk/);
      using opened = openDisk(disk, "read");
      // "LUKS\xba\xbe" and version 2: LUKS2 On-Disk Format Specification 1.1.0, 2.1.
      const header = new Uint8Array(8);
      opened.readAt(0, header);
      assertEquals(header.toHex(), "4c554b53babe0002");
      assertEquals(await hashOf(other), before);
    });
  },
});

function start(folder: string, card: string, disks: readonly string[]): VirtualMachine {
  return VirtualMachine.start(runner, folder, {
    image: card,
    moreDisks: disks.map((image, i) => ({ image, serial: `DISK${i + 1}` })),
    snapshot: false,
    firmware: { kind: "bios" },
    network: { kind: "none" },
  });
}

async function waitFor(machine: VirtualMachine, seconds: number, text: RegExp): Promise<void> {
  await machine.eventually(seconds, () => {
    assertMatch(machine.console(), text);
    return Promise.resolve();
  });
}

async function diskWith(
  folder: string,
  name: string,
  contents: Contents,
  mib: number,
): Promise<string> {
  const path = emptyDisk(folder, name, mib);
  if (contents === "a partition table") {
    const stdin = new TextEncoder().encode("label: gpt\n,,L\n");
    await runner.run({ argv: ["sfdisk", "--quiet", path], stdin });
  } else if (contents === "a file system") {
    await runner.run({ argv: ["mkfs.ext4", "-q", "-F", path] });
  } else if (contents === "unknown data") {
    using disk = openDisk(path);
    disk.writeAt(600_000, new TextEncoder().encode("somebody's"));
  }
  return path;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const part of file.readable) hash.update(part);
  return hash.digest("hex");
}
