import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { prepareHostDisk } from "../../../build/boot/host_disk.ts";
import { realEnv } from "../../../lib/env.ts";
import { TowerError } from "../../../lib/errors.ts";
import { encodeMbr, MBR_TYPE } from "../../../lib/format/mbr.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { exists } from "../../../lib/files/files.ts";
import { writeTowerEnv } from "../../../lib/tower_env/tower_env.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { onlineEnv, TOWER } from "../../support/build/host_system.ts";

const runner = denoRunner();
const missing = ["mkfs.fat", "mtype"].filter((tool) => !runner.which(tool));
const ignore = missing.length > 0;
const note = ignore ? ` (skipped: ${missing.join(", ")} missing)` : "";
const FIRST = 2048, SECTORS = 16 * 2048;
const KEY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"B".repeat(43)} test`;

/** A disk image with a FAT boot partition in an MBR, and a tower.env beside it. */
async function prepared(folder: string, towerEnv: Uint8Array) {
  const image = join(folder, "host.img");
  await runner.run({ argv: ["mkfs.fat", "-F", "16", "-C", `${image}.fat`, String(SECTORS / 2)] });
  const disk = new Uint8Array((FIRST + SECTORS) * 512);
  const partition = { type: MBR_TYPE.fat16, active: true, firstSector: FIRST, sectors: SECTORS };
  disk.set(encodeMbr({ bootCode: new Uint8Array(), signature: 1, partitions: [partition] }));
  disk.set(Deno.readFileSync(`${image}.fat`), FIRST * 512);
  Deno.writeFileSync(image, disk);
  Deno.writeFileSync(join(folder, "my.env"), towerEnv);
  return { image, towerEnv: join(folder, "my.env"), before: disk };
}

async function towerEnvIn(image: string): Promise<string> {
  const { stdout } = await runner.run({
    argv: ["mtype", "-i", `${image}@@${FIRST * 512}`, "::tower.env"],
    variables: { MTOOLS_SKIP_CHECK: "1" },
  });
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name:
    `a copy of an image gets the tower.env without its password, and its size; it goes away${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const settings = { ...onlineEnv(KEY), password: "secret words" };
    const p = await prepared(folder.path, writeTowerEnv(settings, "thinclient"));
    let copy: string;
    {
      using disk = prepareHostDisk({ ...p, diskMiB: 40, inPlace: false }, realEnv());
      copy = disk.image;
      const text = await towerEnvIn(copy);
      assertStringIncludes(text, "HOSTNAME='web'\n");
      assert(!text.includes("secret words"), text);
      assertEquals(Deno.statSync(copy).size, 40 << 20);
      assertEquals(disk.lan, {
        network: TOWER.online.network,
        host: TOWER.online.thinClient,
        guest: TOWER.online.host,
      });
    }
    assert(!exists(copy), "the copy is still there");
    assertEquals(Deno.readFileSync(p.image), p.before);
  },
});

Deno.test({
  name: `in place the image itself changes, and a bad tower.env changes nothing${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const good = writeTowerEnv(onlineEnv(KEY), "boot");
    const p = await prepared(folder.path, good);
    const request = { ...p, diskMiB: undefined, inPlace: true };
    Deno.writeTextFileSync(p.towerEnv, new TextDecoder().decode(good).replace("web", "$(reboot)"));
    const error = assertThrows(() => prepareHostDisk(request, realEnv()), TowerError);
    assertEquals(error.code, "malformed");
    assertStringIncludes(error.message, "line 1: HOSTNAME");
    assertEquals(Deno.readFileSync(p.image), p.before);
    Deno.writeFileSync(p.towerEnv, good);
    using _disk = prepareHostDisk(request, realEnv());
    assertEquals(await towerEnvIn(p.image), new TextDecoder().decode(good));
  },
});

Deno.test({
  name: `where a record tells of the partitions, the tower.env goes to the one of /boot${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const good = writeTowerEnv(onlineEnv(KEY), "boot");
    const p = await prepared(folder.path, good);
    const linux = { type: MBR_TYPE.linux, active: false, firstSector: 64, sectors: 64 };
    const table = encodeMbr({ bootCode: new Uint8Array(), signature: 1, partitions: [linux] });
    Deno.writeFileSync(p.image, new Uint8Array([...table, ...p.before.subarray(table.length)]));
    const request = { ...p, diskMiB: undefined, inPlace: true };
    assertThrows(() => prepareHostDisk(request, realEnv()), TowerError, "is no FAT of an MBR");
    const boot = { name: "boot", type: "0x0c", content: "fat", folder: "/boot" };
    const partitions = [{ ...boot, offset: FIRST * 512, size: SECTORS * 512 }];
    using _disk = prepareHostDisk({ ...request, partitions }, realEnv());
    assertEquals(await towerEnvIn(p.image), new TextDecoder().decode(good));
  },
});
