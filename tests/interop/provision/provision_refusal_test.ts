import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Command, Runner } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { CARD_SIZE, makeCardImage } from "../../support/fleet/card_image.ts";
import { rootMissing } from "../../support/format/disk_tree.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { LoopDevice, loopMissing } from "../../support/format/loop_device.ts";
import { named } from "../../support/program/missing_programs.ts";
import { offline, provisionMissing, writeSums } from "../../support/fleet/provisioning.ts";
import { TowerProgram } from "../../support/fleet/tower_program.ts";

const runner = denoRunner();
const missing = provisionMissing("mkfifo", "zstd");

/** A runner that keeps the names of what it ran. */
function listening(): { runner: Runner; ran: string[] } {
  const ran: string[] = [];
  const heard = (command: Command) => (ran.push(command.argv[0]), command);
  return {
    ran,
    runner: {
      which: (program) => runner.which(program),
      run: (command, options) => runner.run(heard(command), options),
      spawn: (command, options) => runner.spawn(heard(command), options),
    },
  };
}

Deno.test({
  ...named("what exists and is no file is no place for an image: it stays what it is", missing),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    const at = (name: string) => join(folder.path, name);
    await runner.run({ argv: ["mkfifo", at("fifo")] });
    Deno.mkdirSync(at("folder"));
    Deno.symlinkSync(at("none"), at("link"));
    Deno.symlinkSync("/dev/null", at("null"));
    Deno.writeTextFileSync(at("file"), "");
    const notes = "my notes\n".repeat(9000);
    Deno.writeTextFileSync(at("notes"), notes);
    Deno.writeTextFileSync(at("short"), "x");
    Deno.symlinkSync("notes", at("link-to-notes"));
    const cases: [string, string][] = [
      [at("fifo"), "it is a FIFO, not a file"],
      [at("folder"), "it is a folder"],
      [at("link"), "it is a link to nothing"],
      [at("null"), "it is a device, not a file"],
      ["/dev/null", "it is a device, not a file"],
      [at("notes"), "it is no disk image"],
      [at("short"), "it is no disk image"],
      [at("link-to-notes"), "it is no disk image"],
      [at("file/card.img"), "a part of the path is no folder"],
      [at("typo/deep/card.img"), `there is no folder "${at("typo/deep")}"`],
    ];
    if (rootMissing() === undefined) {
      await runner.run({ argv: ["mknod", at("node"), "b", "7", "200"] });
      cases.push([at("node"), "it is a device, not a file"]);
    }
    const heard = listening();
    using tower = new TowerProgram({ runner: heard.runner });
    const names = () => Array.from(Deno.readDirSync(folder.path), (e) => e.name).sort();
    const before = names();
    for (const [path, message] of cases) {
      const state = () => {
        try {
          return Deno.lstatSync(path).mode;
        } catch {
          return undefined;
        }
      };
      const mode = state();
      for (const more of [[], ["--dry-run"]]) {
        const { code, err } = await tower.run(
          ...offline("vault", image, "--device-file", path, ...more),
        );
        assertEquals(code, 1, `${path}: ${err}`);
        assertStringIncludes(err, message, path);
      }
      assertEquals(state(), mode, path);
    }
    assertEquals(names(), before);
    assertEquals(Deno.readTextFileSync(at("notes")), notes);
    assert(!heard.ran.includes("ssh-keygen"));
  },
});

const loopless = provisionMissing("losetup", "zstd") ?? await loopMissing();

/** Images that make no host, each with what is wrong with it. */
async function unfit(image: string): Promise<[path: string, message: string][]> {
  const folder = image.slice(0, image.lastIndexOf("/"));
  const whole = Deno.readFileSync(image);
  const gpt = whole.slice();
  gpt[446 + 4] = 0xee;
  const full = whole.slice();
  // Both tables of the boot partition, whose file system begins at 1 MiB, without a free cluster.
  const volume = full.subarray(1 << 20);
  const reserved = (volume[14]! | volume[15]! << 8) * 512;
  const table = (volume[22]! | volume[23]! << 8) * 512;
  volume.subarray(reserved, reserved + 2 * table).fill(0xff);
  const blank = whole.slice();
  blank.fill(0, 1 << 20, 2 << 20);
  const cases: [string, Uint8Array, string][] = [
    ["gpt", gpt, "the disk has a GPT, and no record of its image is beside it"],
    ["full", full, "free clusters"],
    ["blank", blank, "it has no boot sector"],
  ];
  const made: [string, string][] = [];
  for (const [name, bytes, message] of cases) {
    const path = join(folder, `${name}.img`);
    Deno.writeFileSync(path, bytes);
    await runner.run({ argv: ["zstd", "-q", "-1", path] });
    await writeSums(path);
    const sums = Deno.readFileSync(join(folder, "SHA256SUMS"));
    Deno.mkdirSync(join(folder, name));
    Deno.writeFileSync(join(folder, name, "SHA256SUMS"), sums);
    for (const suffix of ["", ".zst"]) {
      Deno.renameSync(path + suffix, join(folder, name, `${name}.img${suffix}`));
      made.push([join(folder, name, `${name}.img${suffix}`), message]);
    }
  }
  return made;
}

Deno.test({
  ...named("an image that cannot be a host's is refused before the first byte", loopless),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    const disk = join(folder.path, "disk");
    Deno.writeFileSync(disk, new Uint8Array(CARD_SIZE).fill(7));
    const card = join(folder.path, "card");
    // What begins with a boot sector may be replaced by an image that is fit.
    const mine = new Uint8Array(600);
    mine.set([0x55, 0xaa], 510);
    Deno.writeFileSync(card, mine);
    await using loop = await LoopDevice.create(disk);
    const heard = listening();
    using tower = new TowerProgram({ runner: heard.runner });
    const media = [["--boot-device", loop.path, "--allow-fixed-disk", "--no-wait"], [
      "--device-file",
      card,
    ]];
    for (const [path, message] of await unfit(image)) {
      for (const words of [...media, [...media[1]!, "--dry-run"]]) {
        const { code, err } = await tower.run(...offline("vault", path, ...words));
        assertEquals(code, 1, err);
        assertStringIncludes(err, `Cannot make a host of "${path}"`.replace(tower.env.dir, "DIR"));
        assertStringIncludes(err, message);
      }
    }
    assert(Deno.readFileSync(disk).every((byte) => byte === 7));
    assertEquals(Deno.readFileSync(card), mine);
    assert(!heard.ran.includes("ssh-keygen"));
  },
});

Deno.test({
  ...named("a time zone or keyboard layout that no host has is refused before a byte", missing),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    using tower = new TowerProgram();
    const card = join(folder.path, "card.img");
    const put = (path: string, text: string) => {
      const file = join(tower.env.share, path);
      Deno.mkdirSync(join(file, ".."), { recursive: true });
      Deno.writeTextFileSync(file, text);
    };
    const refused = async (words: string[], ...says: string[]) => {
      const { code, err } = await tower.run(
        ...offline("vault", image, "--device-file", card),
        ...words,
      );
      assertEquals([code, [...Deno.readDirSync(tower.env.home)].length], [2, 0], err);
      for (const text of says) assertStringIncludes(err, text);
    };
    const zone = (name: string) => ["--timezone", name];
    await refused(zone("Mars/Base"), '--timezone "Mars/Base" is not in the time zone database\n');
    await refused(zone("Europe/Berln"), "database; did you mean Europe/Berlin?");
    put("zoneinfo/Mars/Base", "no zone");
    await refused(zone("Mars/Base"), "is not in the time zone database");
    put("X11/xkb/rules/base.lst", "! layout\n  us  English\n  latam  Spanish\n\n! variant\n");
    const layout = (name: string) => [...zone("UTC"), "--keyboard-layout", name];
    await refused(layout("qq"), '--keyboard-layout "qq" is no keyboard layout\n');
    await refused(layout("latm"), "did you mean latam?");
    put("bkeymaps/de/de.bmap.gz", "");
    await refused([...layout("us"), ...zone("Mars/Base")], "--timezone", '--keyboard-layout "us"');
    put("zoneinfo/Mars/Base", "TZif2");
    const good = [...zone("Mars/Base"), "--keyboard-layout", "de", "--dry-run"];
    const { code, err } = await tower.run(
      ...offline("vault", image, "--device-file", card),
      ...good,
    );
    assertEquals(code, 0, err);
  },
});
