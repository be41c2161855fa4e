import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { usersOf } from "../../lib/disk/device_users.ts";
import { parseDevices } from "../../lib/disk/devices.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { CARD_SIZE, makeCardImage } from "../support/fleet/card_image.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { LoopDevice, loopMissing } from "../support/format/loop_device.ts";
import { named } from "../support/program/missing_programs.ts";
import {
  offline,
  provisionMissing,
  writeBlockMap,
  writeSums,
} from "../support/fleet/provisioning.ts";
import { TowerProgram } from "../support/fleet/tower_program.ts";

const runner = denoRunner();
const missing = provisionMissing("zstd", "gzip", "xz");
/** Where the boot partition ends: behind it a card is what the image is, byte for byte. */
const BEHIND_BOOT = 9 << 20;
const FORMS = ["", "+map", ".zst", ".zst+map", ".gz", ".xz"] as const;
const PROGRAMS: Readonly<Record<string, string>> = { zst: "zstd", gz: "gzip", xz: "xz" };

/** An image in one of the forms, with SHA256SUMS; what else was made for it is gone. */
async function makeForm(folder: string, form: string): Promise<string> {
  const image = await makeCardImage(folder);
  if (form.includes("map")) writeBlockMap(image);
  const suffix = /^\.([a-z]+)/.exec(form)?.[1];
  if (suffix !== undefined) {
    await runner.run({ argv: [PROGRAMS[suffix]!, "-1", "-q", "-f", "-k", image] });
  }
  await writeSums(image);
  return suffix === undefined ? image : `${image}.${suffix}`;
}

/** Another image of the same form, with other data at one place. */
async function makeOther(folder: string, form: string): Promise<string> {
  const path = await makeForm(folder, "");
  {
    using file = Deno.openSync(path, { write: true });
    file.seekSync(BEHIND_BOOT, Deno.SeekMode.Start);
    file.writeSync(new TextEncoder().encode("EVIL".repeat(1024)));
  }
  const suffix = /^\.([a-z]+)/.exec(form)?.[1];
  if (suffix === undefined) return path;
  await runner.run({ argv: [PROGRAMS[suffix]!, "-1", "-q", "-f", "-k", path] });
  return `${path}.${suffix}`;
}

Deno.test({
  ...named("an image that is swapped at the prompt is not what is written, in no form", missing),
  async fn() {
    for (const form of FORMS) {
      using folder = tempFolder();
      using others = tempFolder();
      const image = await makeForm(folder.path, form);
      const content = Deno.readFileSync(join(folder.path, "host.img"));
      const other = await makeOther(others.path, form);
      const card = join(folder.path, "card.img");
      const onQuestion = () => {
        Deno.renameSync(other, image);
        for (const name of ["SHA256SUMS", "host.img.bmap"]) {
          Deno.writeTextFileSync(join(dirname(image), name), "0");
        }
      };
      using tower = new TowerProgram({ answers: ["y"], onQuestion });
      const words = offline("vault", image, "--device-file", card)
        .filter((word) => word !== "--no-confirm");
      const { code, err } = await tower.run(...words);
      assertEquals(code, 0, `${form}: ${err}`);
      const made = Deno.readFileSync(card);
      assertEquals(made.subarray(BEHIND_BOOT), content.subarray(BEHIND_BOOT), form);
    }
  },
});

Deno.test({
  ...named("an image that is changed in place at the prompt makes no host, in no form", missing),
  async fn() {
    for (const form of FORMS) {
      using folder = tempFolder();
      using others = tempFolder();
      const image = await makeForm(folder.path, form);
      const other = await makeOther(others.path, form);
      const card = join(folder.path, "card.img");
      const onQuestion = () => Deno.writeFileSync(image, Deno.readFileSync(other));
      using tower = new TowerProgram({ answers: ["y"], onQuestion });
      const words = offline("vault", image, "--device-file", card)
        .filter((word) => word !== "--no-confirm");
      const { code, err } = await tower.run(...words);
      assertEquals(code, 1, `${form}: ${err}`);
      assertStringIncludes(err, "it is not what", form);
      assertEquals((await tower.run("list")).out, "No host found.\n");
      assert(!Array.from(Deno.readDirSync(folder.path)).some((e) => e.name.includes("card")));
    }
  },
});

Deno.test({
  ...named("a login key that is swapped at the prompt is not the host's", missing),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    const at = (name: string) => join(folder.path, name);
    for (const name of ["mine", "other"]) {
      await runner.run({ argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at(name)] });
    }
    const own = Deno.readFileSync(at("mine"));
    const onQuestion = () => Deno.copyFileSync(at("other"), at("mine"));
    using tower = new TowerProgram({ answers: ["y"], onQuestion });
    const keys = ["--private-key-path", at("mine"), "--public-key-path", at("mine.pub")];
    const words = offline("vault", image, "--device-file", at("card.img"), ...keys)
      .filter((word) => word !== "--no-confirm");
    const { code, err } = await tower.run(...words);
    assertEquals(code, 0, err);
    assertEquals(Deno.readFileSync(join(tower.folder, "hosts/vault/id_ed25519")), own);
  },
});

const loopless = provisionMissing("losetup", "mke2fs") ?? await loopMissing();

Deno.test({
  ...named(
    "a device that is mounted, grown or swapped at the prompt is looked at again",
    loopless,
  ),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    const disk = join(folder.path, "disk");
    const link = join(folder.path, "card");
    const mounted = join(folder.path, "mounted");
    Deno.mkdirSync(mounted);
    Deno.writeFileSync(disk, new Uint8Array(2 * CARD_SIZE));
    await runner.run({ argv: ["mke2fs", "-q", "-t", "ext4", disk] });
    Deno.writeFileSync(join(folder.path, "second"), new Uint8Array(2 * CARD_SIZE).fill(7));
    await using loop = await LoopDevice.create(disk);
    await using second = await LoopDevice.create(join(folder.path, "second"));
    Deno.symlinkSync(loop.path, link);
    const before = Deno.readFileSync(disk);
    const run = async (onQuestion: () => void | Promise<void>) => {
      using tower = new TowerProgram({ answers: ["y"], onQuestion });
      const words = offline("vault", image, "--boot-device", link, "--allow-fixed-disk")
        .filter((word) => word !== "--no-confirm");
      const ran = await tower.run(...words, "--no-wait");
      assertEquals((await tower.run("list", "--json")).out === "[]\n", ran.code !== 0);
      return ran;
    };
    const busy = await run(async () => {
      await runner.run({ argv: ["mount", "-o", "ro", loop.path, mounted] });
    });
    await runner.run({ argv: ["umount", mounted] });
    {
      const hidden = 'mount -o ro "$1" "$2" && echo ready && read -r _';
      await using other = runner.spawn({
        argv: ["unshare", "--mount", "sh", "-c", hidden, "sh", loop.path, mounted],
      });
      const ready = other.stdout.getReader();
      await ready.read();
      const elsewhere = await run(() => {});
      await other.stdin.close();
      assertEquals(elsewhere.code, 1);
      assertStringIncludes(elsewhere.err, `${loop.path} is mounted for process`);
      await other.ended;
      ready.releaseLock();
    }
    {
      await using above = await LoopDevice.create(loop.path);
      const backed = await run(() => {});
      assertEquals(backed.code, 1);
      assertStringIncludes(backed.err, `${loop.path} is what ${above.path} is made of`);
    }
    assertEquals(busy.code, 1);
    assertStringIncludes(busy.err, `${loop.path} is in use as`);
    const grown = await run(async () => {
      Deno.truncateSync(disk, 3 * CARD_SIZE);
      await runner.run({ argv: ["losetup", "-c", loop.path] });
    });
    assertEquals(grown.code, 1);
    assertStringIncludes(grown.err, "when you were asked, or another medium was in it");
    assertEquals(Deno.readFileSync(disk).subarray(0, before.length), before);
    // The link leads elsewhere by then; what was shown and asked for is what is written.
    const swapped = await run(() => {
      Deno.removeSync(link);
      Deno.symlinkSync(second.path, link);
    });
    assertEquals(swapped.code, 0, swapped.err);
    assert(Deno.readFileSync(join(folder.path, "second")).every((byte) => byte === 7));
    const made = Deno.readFileSync(disk).subarray(BEHIND_BOOT, CARD_SIZE);
    assertEquals(made, Deno.readFileSync(image).subarray(BEHIND_BOOT));
  },
});

Deno.test("a disk is in use as member of a btrfs, or by holders without a device of their own", () => {
  using sys = tempFolder();
  const make = (path: string) => Deno.mkdirSync(join(sys.path, path), { recursive: true });
  make("fs/btrfs/features");
  make("fs/btrfs/0b1c/devices/sda1");
  make("class/block/sda/holders");
  make("class/block/sda1/holders/dm-0");
  make("class/block/sda2/holders/bcache0");
  const node = (name: string, type: string, path = `/dev/${name}`, children: unknown[] = []) => ({
    ...{ path, kname: name, "maj:min": "8:0", type, size: 1, children },
    ...{ rm: true, hotplug: true, ro: false, mountpoints: [] },
  });
  const crypt = node("dm-0", "crypt", "/dev/mapper/x");
  const parts = [node("sda1", "part", "/dev/sda1", [crypt]), node("sda2", "part")];
  const blockdevices = [node("sda", "disk", "/dev/sda", parts), ...parts, crypt];
  const nodes = parseDevices(JSON.stringify({ blockdevices }));
  for (const [loop, by] of [["loop3", "/dev/sda2"], ["loop4", "/dev/sda22"]] as const) {
    make(`class/block/${loop}/loop`);
    Deno.writeTextFileSync(join(sys.path, `class/block/${loop}/loop/backing_file`), `${by}\n`);
  }
  const mounts = [["7", "8:1 / /mnt rw - ext4 /dev/root rw"], [
    "8",
    "0:40 / /mnt rw master:1 - btrfs /dev/sda2 rw",
  ]] as const;
  for (const [process, mount] of mounts) {
    make(`proc/${process}/ns`);
    Deno.symlinkSync(`mnt:[${process}]`, join(sys.path, `proc/${process}/ns/mnt`));
    Deno.writeTextFileSync(join(sys.path, `proc/${process}/mountinfo`), `36 35 ${mount}\n`);
  }
  make("proc/9/ns");
  assertEquals(usersOf(nodes, sys.path, join(sys.path, "proc")), [
    "/dev/sda1 is part of a btrfs that is mounted",
    "/dev/sda2 is held by bcache0",
    "/dev/sda2 is what /dev/loop3 is made of",
    "/dev/sda2 is mounted for process 8",
  ]);
});
