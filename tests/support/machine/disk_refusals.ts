import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { hashFile } from "../../../lib/files/artifact_file.ts";
import { diskKey, KEY_FILE } from "./encrypted_host.ts";
import { tempFolder } from "../program/file_sink.ts";
import { buildHost, cardOf, envFile, hostMissing, onlineEnv } from "../build/host_system.ts";
import { programsMissing } from "../program/missing_programs.ts";
import { type Contents, DISK_TOOLS, diskWith } from "./used_disk.ts";
import { type VirtualMachine } from "../../../lib/lab/virtual_machine.ts";
import { startMachine } from "./test_machine.ts";

const runner = denoRunner();

const NAMED = "/dev/disk/by-id/virtio-DISK1";
const PUBLIC_KEY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)} alice`;

/** Why these cases cannot be tried here, or undefined. */
export function disksMissing(): string | undefined {
  return hostMissing() ?? programsMissing(runner, ...DISK_TOOLS);
}

interface DiskCase {
  readonly rootDevice: string;
  /** Disks beside the card: contents and MiB. */
  readonly disks: readonly (readonly [Contents, number])[];
  readonly installation?: "upgrade";
  /** `crypto_keyfile.bin`; a good one by default, none where null. */
  readonly key?: Uint8Array | null;
  readonly says: readonly RegExp[];
}

/** Machines whose disks nobody may take for the system. */
const CASES = {
  "auto with two disks": {
    rootDevice: "auto",
    disks: [["nothing", 1024], ["a partition table", 1024]],
    says: [
      /ROOT_DEVICE: auto cannot choose between 2 disks; name one, or take the others out/,
      /\/dev\/vdb, 1024 MiB, holds nothing, \/dev\/disk\/by-id\/virtio-DISK1/,
      /\/dev\/vdc, 1024 MiB, holds gpt, \/dev\/disk\/by-id\/virtio-DISK2/,
    ],
  },
  "auto with no disk": {
    rootDevice: "auto",
    disks: [],
    says: [/ROOT_DEVICE: auto finds no disk beside the boot disk; connect one/],
  },
  "a named disk that is not there": {
    rootDevice: "/dev/disk/by-id/virtio-OTHER",
    disks: [["nothing", 1024]],
    says: [
      /ROOT_DEVICE: there is no \/dev\/disk\/by-id\/virtio-OTHER/,
      /\/dev\/vdb, 1024 MiB, holds nothing, \/dev\/disk\/by-id\/virtio-DISK1/,
    ],
  },
  "the disk that the machine starts from": {
    rootDevice: "/dev/vda",
    disks: [["nothing", 1024]],
    says: [/ROOT_DEVICE: \/dev\/vda is the disk that this machine starts from/],
  },
  "a named disk with a partition table": {
    rootDevice: NAMED,
    disks: [["a partition table", 1024]],
    says: [/\/dev\/vdb is not empty: it holds gpt\./, /add the line ROOT_DEVICE_WIPE='true'/],
  },
  "the only disk with a file system": {
    rootDevice: "auto",
    disks: [["a file system", 1024]],
    says: [/\/dev\/vdb is not empty: it holds ext4\./],
  },
  "a named disk with data of no known kind": {
    rootDevice: NAMED,
    disks: [["unknown data", 1024]],
    says: [/\/dev\/vdb is not empty: it holds data of an unknown kind\./],
  },
  "an upgrade of a disk that has no system": {
    rootDevice: NAMED,
    disks: [["nothing", 1024]],
    installation: "upgrade",
    says: [/\/dev\/vdb has no system of this host, and INSTALLATION_TYPE is upgrade/],
  },
  "a disk too small": {
    rootDevice: NAMED,
    disks: [["nothing", 64]],
    says: [/ROOT_DEVICE: \/dev\/vdb has 64 MiB; the system needs \d+/],
  },
  "no key file": {
    rootDevice: NAMED,
    disks: [["nothing", 1024]],
    key: null,
    says: [/ROOT_DEVICE needs the file crypto_keyfile\.bin beside tower\.env, which is missing/],
  },
  "a key file of another size": {
    rootDevice: NAMED,
    disks: [["nothing", 1024]],
    key: new Uint8Array(2047).fill(7),
    says: [/crypto_keyfile\.bin beside tower\.env must have 2048 bytes; it has 2047/],
  },
  "a key file of zeros": {
    rootDevice: NAMED,
    disks: [["nothing", 1024]],
    key: new Uint8Array(2048),
    says: [/crypto_keyfile\.bin beside tower\.env is damaged: it has zeros in place of a key/],
  },
} as const satisfies Readonly<Record<string, DiskCase>>;

export type DiskCaseName = keyof typeof CASES;
export const DISK_CASES = Object.keys(CASES) as DiskCaseName[];

/** No disk of these cases is written, and the console says why. */
export async function refuseDisks(
  t: Deno.TestContext,
  names: readonly DiskCaseName[],
): Promise<void> {
  using folder = tempFolder();
  const image = await buildHost(folder.path);
  for (const name of names) {
    const { rootDevice, disks, key, installation, says }: DiskCase = CASES[name];
    await t.step(name, async () => {
      const files = disks.map(([contents, mib], i) =>
        diskWith(folder.path, `disk${i}.img`, contents, mib)
      );
      const paths = await Promise.all(files);
      const before = paths.map(hashFile);
      const env = { ...onlineEnv(PUBLIC_KEY), rootDevice, ...(installation && { installation }) };
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
      assertEquals(paths.map(hashFile), before);
    });
  }
}

function start(folder: string, card: string, disks: readonly string[]): VirtualMachine {
  return startMachine(runner, folder, {
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
