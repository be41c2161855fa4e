import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { TowerError } from "../../../lib/errors.ts";
import { memorySource } from "../../../lib/bytes/bytes.ts";
import { putRootFile } from "../../../lib/format/fat/inject.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { randomNumbers } from "../../support/program/random_numbers.ts";

const runner = denoRunner();
const missing = ["mkfs.fat", "fsck.fat", "mcopy", "mtype", "mmd"].filter((t) => !runner.which(t));
const skip = missing.length > 0;
const reason = skip ? ` (skipped: ${missing.join(", ")} missing)` : "";
const MTIME = 1_700_000_000;

const run = async (...argv: [string, ...string[]]) => {
  const { stdout } = await runner.run({ argv, variables: { TZ: "UTC", MTOOLS_SKIP_CHECK: "0" } });
  return stdout;
};

/** A volume in memory that can be read and written. */
function volumeOf(bytes: Uint8Array) {
  const { size, readAt } = memorySource(bytes);
  return { size, readAt, writeAt: (at: number, part: Uint8Array) => bytes.set(part, at) };
}

for (const bits of [12, 16, 32]) {
  Deno.test({
    name: `files put on FAT${bits} are what mtools reads; fsck.fat finds nothing${reason}`,
    ignore: skip,
    async fn() {
      for (let seed = 1; seed <= 4; seed++) {
        const random = randomNumbers(seed);
        using folder = tempFolder();
        const image = join(folder.path, "fat.img");
        const kib = bits === 12 ? 2048 : bits === 16 ? 16384 : 40000;
        await run("mkfs.fat", "-F", `${bits}`, "-s", "1", "-C", image, `${kib}`);
        await run("mmd", "-i", image, "::loader");
        const expected = new Map<string, Uint8Array>();
        const name = () =>
          random.pick([
            "tower.env",
            "TOWER.ENV",
            "a long name with spaces.text",
            "x",
            "LOADER.C32",
          ]) +
          random.pick(["", "", "1", "22"]);
        for (let i = 0; i < 12; i++) {
          const bytes = new Uint8Array(random.below(random.pick([1, 300, 5000, 40_000])));
          bytes.forEach((_, at) => bytes[at] = random.below(256));
          const file = { name: name(), bytes, mtime: MTIME };
          const before = [...expected.keys()].find((n) =>
            n.toUpperCase() === file.name.toUpperCase()
          );
          if (before !== undefined) expected.delete(before);
          expected.set(file.name, bytes);
          const disk = Deno.readFileSync(image);
          putRootFile(volumeOf(disk), file);
          Deno.writeFileSync(image, disk);
          await run("fsck.fat", "-n", image).catch((cause) => {
            throw new Error(`seed ${seed}: fsck.fat refuses the volume after ${file.name}`, {
              cause,
            });
          });
        }
        for (const [path, bytes] of expected) {
          assertEquals(
            await run("mtype", "-i", image, `::${path}`),
            bytes,
            `seed ${seed}: ${path}`,
          );
        }
        await run("mcopy", "-Q", "-s", "-i", image, "::*", folder.path);
        const found = [...Deno.readDirSync(folder.path)].map((e) => e.name).sort();
        assertEquals(found, ["fat.img", "loader", ...expected.keys()].sort(), `seed ${seed}`);
      }
    },
  });
}

Deno.test({
  name: `a full volume and a full root directory refuse a file and stay as they are${reason}`,
  ignore: skip,
  async fn() {
    using folder = tempFolder();
    const image = join(folder.path, "fat.img");
    await run("mkfs.fat", "-F", "16", "-r", "16", "-s", "1", "-C", image, "4096");
    const disk = Deno.readFileSync(image);
    const before = disk.slice();
    const big = { name: "big", bytes: new Uint8Array(5 << 20), mtime: MTIME };
    assertEquals(
      assertThrows(() => putRootFile(volumeOf(disk), big), TowerError).code,
      "no-space",
    );
    const wide = { name: "n".repeat(250), bytes: new Uint8Array(1), mtime: MTIME };
    assertEquals(
      assertThrows(() => putRootFile(volumeOf(disk), wide), TowerError).code,
      "no-space",
    );
    assert(disk.every((byte, i) => byte === before[i]));
  },
});

Deno.test("a damaged volume gives an error and no endless loop", () => {
  const random = randomNumbers(7);
  for (let i = 0; i < 300; i++) {
    const disk = new Uint8Array(64 << 10);
    for (let n = 0; n < 600; n++) disk[random.below(n < 64 ? 64 : disk.length)] = random.below(256);
    disk.set([0, 2], 11);
    disk.set([0x55, 0xaa], 510);
    disk[16] = 2;
    try {
      putRootFile(volumeOf(disk), { name: "tower.env", bytes: new Uint8Array(700), mtime: MTIME });
    } catch (error) {
      assert(error instanceof TowerError, `case ${i}: ${error}`);
    }
  }
});
