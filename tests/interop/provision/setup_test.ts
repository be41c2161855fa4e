import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Medium } from "../../../lib/disk/medium.ts";
import { memorySource } from "../../../lib/bytes/bytes.ts";
import { TowerError } from "../../../lib/errors.ts";
import { openDisk } from "../../../lib/files/disk_file.ts";
import type { Command } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { silent } from "../../../lib/report/event.ts";
import { BOOT_AT, BOOT_HEAD, diskState } from "../../../lib/setup/disk_state.ts";
import { layoutOf } from "../../../lib/setup/layout.ts";
import { planSetup } from "../../../lib/setup/plan.ts";
import type { LiveMedium } from "../../../lib/setup/live_medium.ts";
import { writeDisk } from "../../../lib/setup/setup.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { tempFolder } from "../../support/program/file_sink.ts";

const runner = denoRunner();
const SIZE = 6 * 2 ** 30;
const SITE = { signal: new AbortController().signal, reporter: silent };

/** Bytes that are no others'. */
function bytes(size: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed * 7 + (i >> 8)) & 0xff);
}

const ROOT = bytes(9 << 20, 1);
const SOURCE = {
  root: memorySource(ROOT),
  hashes: memorySource(bytes(80_000, 2)),
  program: memorySource(bytes(3 << 20, 3)),
  loader: memorySource(bytes(100_000, 4)),
};
const LAYOUT = layoutOf(SIZE, ROOT.length);

/** A disk in a file whose power goes before the write of a number. */
function cutDisk(path: string, power = Infinity): Medium & { readonly writes: number } {
  const disk = openDisk(path);
  let writes = 0;
  const writeAt = (offset: number, part: Uint8Array) => {
    if (writes++ >= power) throw new TowerError("io", "the power is gone");
    disk.writeAt(offset, part);
  };
  const nothing = () => Promise.resolve();
  return {
    ...{
      size: SIZE,
      isBlank: false,
      readAt: disk.readAt,
      writeAt,
      flush: nothing,
      commit: nothing,
    },
    get writes() {
      return writes;
    },
    read: (offset, into) => Promise.resolve(disk.readAt(offset, into)),
    write: (offset, part) => Promise.resolve().then(() => writeAt(offset, part)),
    [Symbol.dispose]: () => disk[Symbol.dispose](),
  };
}

function newDisk(folder: string, former: Uint8Array): string {
  const path = join(folder, "disk");
  Deno.writeFileSync(path, former);
  Deno.truncateSync(path, SIZE);
  return path;
}

Deno.test({
  ...named(
    "a thin client's disk has what firmware starts, as the field's tools see it",
    programsMissing(runner, "sfdisk", "fsck.fat", "mdir", "mcopy"),
  ),
  async fn() {
    using folder = tempFolder();
    const path = newDisk(folder.path, bytes(4 << 20, 5));
    using disk = cutDisk(path);
    let filled = 0;
    await writeDisk(disk, LAYOUT, SOURCE, SITE, () => {
      filled++;
      assertEquals(diskState(disk).kind, "begun");
      return Promise.resolve();
    });
    assertEquals([filled, diskState(disk).kind], [1, "used"]);
    const told = async (...argv: Command["argv"]) =>
      new TextDecoder().decode((await runner.run({ argv })).stdout);
    assertMatch(await told("sfdisk", "--verify", path), /No errors detected/);
    assertMatch(await told("sfdisk", "--dump", path), /root-b/);
    const esp = join(folder.path, "esp");
    {
      using file = Deno.openSync(path);
      file.seekSync(BOOT_AT, Deno.SeekMode.Start);
      const part = new Uint8Array(LAYOUT.esp.size);
      for (let done = 0; done < part.length;) done += file.readSync(part.subarray(done)) ?? 0;
      Deno.writeFileSync(esp, part);
    }
    await told("fsck.fat", "-n", esp);
    assertStringIncludes(await told("mdir", "-/", "-b", "-i", esp, "::"), "system-a.conf");
    const program = join(folder.path, "a.efi");
    await told("mcopy", "-i", esp, "::EFI/tower/a.efi", program);
    assertEquals(Deno.readFileSync(program), bytes(3 << 20, 3));
    const root = new Uint8Array(ROOT.length);
    for (let done = 0; done < root.length;) {
      done += disk.readAt(LAYOUT["root-a"].start + done, root.subarray(done));
    }
    assertEquals(root, ROOT);
  },
});

Deno.test("a cut before any write leaves a disk that does not start, and that the next setup takes", async () => {
  using folder = tempFolder();
  const path = newDisk(folder.path, new Uint8Array());
  for (let power = 0;; power++) {
    using disk = cutDisk(path, power);
    const written = await writeDisk(disk, LAYOUT, SOURCE, SITE, () => Promise.resolve())
      .then(() => true, (error) => {
        assertMatch(String(error), /the power is gone/);
        return false;
      });
    if (written) {
      assertEquals(disk.writes, power);
      assertEquals(power > 10, true, `only ${power} writes`);
      return;
    }
    const { kind } = diskState(disk);
    assertEquals(kind, power < 2 ? "empty" : "begun", `before write ${power + 1}`);
    const head = new Uint8Array(BOOT_HEAD);
    disk.readAt(BOOT_AT, head);
    assertEquals(head.every((byte) => byte === 0), true, `before write ${power + 1}`);
  }
});

/** A disk as lsblk tells of it. */
function listed(name: string, more: Record<string, unknown> = {}) {
  return {
    ...{ path: `/dev/${name}`, kname: name, "maj:min": "254:0", type: "disk", size: SIZE },
    ...{ rm: false, hotplug: false, ro: false, model: "Disk", serial: "S1", mountpoints: [null] },
    ...more,
  };
}

/** Why a machine with some disks is not set up. @param asked of the answers */
async function refusal(disks: readonly unknown[], asked = {}): Promise<string> {
  const lsblk = {
    which: (program: string) => `/bin/${program}`,
    run: () => {
      const stdout = new TextEncoder().encode(JSON.stringify({ blockdevices: disks }));
      const ending = { kind: "exited", code: 0 } as const;
      return Promise.resolve({ ending, stdout, stderr: new Uint8Array() });
    },
    spawn: () => {
      throw new Error("nothing is to be started");
    },
  };
  using folder = tempFolder();
  const passwd = "root:x:0:0::/root:/bin/sh\ntower:x:1000:1000::/home/tower:/bin/sh\n";
  Deno.writeTextFileSync(join(folder.path, "passwd"), passwd);
  const settings = {
    ...{ hostname: "desk", username: "ann", passwordHash: "", timezone: "UTC", lang: "C" },
    ...{ keyboardLayout: "us", keyboardVariant: "us", ...asked },
  };
  const medium = { ...SOURCE, device: { number: "8:0" } } as unknown as LiveMedium;
  const env = { runner: lsblk, etc: folder.path, share: "/nothing" };
  const wish = { disk: "S1", erase: true, settings, passphrase: undefined };
  using owned = new DisposableStack();
  const error = await assertRejects(() => planSetup(wish, medium, env, owned), TowerError);
  return `${error.message}; ${error.hint}`;
}

Deno.test("no disk that is unknown, in use or the medium is set up, whatever may be erased", async () => {
  // A block device of this machine: what is asked of it comes from the list alone.
  const device = Array.from(Deno.readDirSync("/dev"), ({ name }) => `/dev/${name}`)
    .find((path) => Deno.statSync(path).isBlockDevice);
  const at = (more = {}) => listed("sda", { ...(device && { path: device }), ...more });
  assertMatch(await refusal([]), /no disk has this serial number; the disks are none/);
  assertMatch(await refusal([listed("sda", { serial: "S2" })]), /disks are .*sda.*serial S2/);
  assertMatch(await refusal([at(), listed("sdb")]), /sdb.* have this serial number/);
  if (device === undefined) return;
  assertMatch(
    await refusal([at({ "maj:min": "8:0" })]),
    /the medium that this machine was started/,
  );
  assertMatch(await refusal([at({ mountpoints: ["/home"] })]), /is in use as \/home/);
  const child = listed("dm-0", { type: "crypt" });
  assertMatch(await refusal([at({ children: [child] })]), /\(crypt\) is open on it/);
  assertMatch(await refusal([at({ ro: true })]), /write-protected/);
});

Deno.test("nor is anything looked at for a user, a place or a keyboard that does not exist", async () => {
  assertMatch(await refusal([], { username: "root" }), /the system has it already/);
  assertMatch(await refusal([], { timezone: "Europe/Berlim" }), /did you mean Europe\/Berlin/);
});
