import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { CARD_SIZE, CARD_TOOLS, makeCardImage } from "../../support/fleet/card_image.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { LoopDevice, loopMissing } from "../../support/format/loop_device.ts";
import { programsMissing } from "../../support/program/missing_programs.ts";
import { TowerProgram } from "../../support/fleet/tower_program.ts";

/** What is told where no answer is left. */
const NOBODY = "\nNobody is there to answer: --no-confirm goes on without.\n";
const runner = denoRunner();

async function whyNoLoop(): Promise<string> {
  const programs = [...CARD_TOOLS, "mke2fs", "mtype", "losetup", "lsblk", "blockdev"];
  return programsMissing(runner, ...programs) ?? await loopMissing() ?? "";
}

const why = await whyNoLoop();
const ignore = why !== "";
const note = ignore ? ` (skipped: ${why})` : "";

const offline = (image: string, device: string, ...more: string[]) => [
  ...["provision", "vault", "--offline", "--image", image, "--timezone", "UTC"],
  ...["--boot-device", device, "--no-confirm", "--no-wait", ...more],
];

Deno.test({
  name: `a block device is written, read back, and holds what was on no earlier card${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    const disk = join(folder.path, "disk");
    Deno.writeFileSync(disk, new Uint8Array(CARD_SIZE + (8 << 20)).fill(0xaa));
    await using loop = await LoopDevice.create(disk);
    using tower = new TowerProgram();
    const refused = await tower.run(...offline(image, loop.path));
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.err, "it is built in, not removable");
    const zeroed = ["--allow-fixed-disk", "--zero-device"];
    const done = await tower.run(...offline(image, loop.path, ...zeroed));
    assertEquals(done.code, 0, done.err);
    assertStringIncludes(done.err, `all data on ${loop.path}`);
    const [bytes, made] = [Deno.readFileSync(disk), Deno.readFileSync(image)];
    assertEquals(bytes.subarray(9 << 20, CARD_SIZE), made.subarray(9 << 20));
    assert(bytes.subarray(CARD_SIZE).every((byte) => byte === 0));
    const { stdout } = await runner.run({ argv: ["mtype", "-i", `${disk}@@1M`, "::tower.env"] });
    assertStringIncludes(new TextDecoder().decode(stdout), "HOSTNAME='vault'");
    const verify = ["provision", "vault", "--verify-only", "--boot-device", loop.path];
    assertEquals((await tower.run(...verify)).code, 0);
  },
});

Deno.test({
  name: `C4: a device that is mounted or too small is refused, and keeps its bytes${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    const disk = join(folder.path, "disk");
    using tower = new TowerProgram();
    Deno.writeFileSync(disk, new Uint8Array(CARD_SIZE / 2).fill(7));
    {
      await using loop = await LoopDevice.create(disk);
      const { code, err } = await tower.run(...offline(image, loop.path, "--allow-fixed-disk"));
      assertEquals(code, 1);
      assertStringIncludes(err, "it has 12.0 MiB, the image 24.0 MiB");
    }
    assert(Deno.readFileSync(disk).every((byte) => byte === 7));
    Deno.truncateSync(disk, 2 * CARD_SIZE);
    await runner.run({ argv: ["mke2fs", "-q", "-t", "ext4", disk] });
    const before = Deno.readFileSync(disk);
    await using loop = await LoopDevice.create(disk);
    const mounted = join(folder.path, "mounted");
    Deno.mkdirSync(mounted);
    await runner.run({ argv: ["mount", "-o", "ro", loop.path, mounted] });
    try {
      const { code, err } = await tower.run(...offline(image, loop.path, "--allow-fixed-disk"));
      assertEquals(code, 1);
      assertStringIncludes(
        err,
        `${loop.path} is in use as ${mounted}`.replace(tower.env.dir, "DIR"),
      );
    } finally {
      await runner.run({ argv: ["umount", mounted] });
    }
    assertEquals(Deno.readFileSync(disk), before);
    assertEquals((await tower.run("list")).out, "No host found.\n");
  },
});

Deno.test({
  name:
    `C6: nothing is written before the question is answered; no is what is meant by Enter${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    const disk = join(folder.path, "disk");
    Deno.writeFileSync(disk, new Uint8Array(CARD_SIZE).fill(7));
    await using loop = await LoopDevice.create(disk);
    using tower = new TowerProgram({ answers: ["", "n", "yess"] });
    const words = offline(image, loop.path, "--allow-fixed-disk", "--zero-device")
      .filter((word) => word !== "--no-confirm");
    for (let i = 0; i < 4; i++) {
      const { code, err } = await tower.run(...words);
      assertEquals(code, 1);
      assertStringIncludes(err, `warning: all data on ${loop.path} (`);
      const alone = i < 3 ? "" : NOBODY;
      assert(err.endsWith(`Go on? [y/N] ${alone}Nothing was changed.\n`), err);
    }
    assert(Deno.readFileSync(disk).every((byte) => byte === 7));
  },
});

Deno.test({
  name:
    `cards are written side by side; hosts that never appear are told, and stay in force${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    const disk = (name: string) => join(folder.path, name);
    for (const name of ["a", "b"]) {
      Deno.writeFileSync(disk(name), new Uint8Array(CARD_SIZE).fill(7));
    }
    await using a = await LoopDevice.create(disk("a"));
    await using b = await LoopDevice.create(disk("b"));
    using tower = new TowerProgram();
    const media = ["--boot-device", a.path, "--boot-device", b.path];
    const words = [...offline(image, ""), "--allow-fixed-disk", "--timeout", "1"].slice(2)
      .filter((word) => !["--boot-device", "", "--no-wait"].includes(word));
    const many = ["provision", "alpha", "beta", ...words, ...media];
    const lost = await tower.run(...many, "--ifname", "eth77");
    assertEquals(lost.code, 1);
    assertStringIncludes(lost.err, "Cannot reach hosts of the offline network: there is no eth77");
    assertEquals((await tower.run("list")).out, "No host found.\n");
    const both = await tower.run(...many, "--force");
    assertEquals(both.code, 3, both.err);
    for (const name of ["alpha", "beta"]) {
      assertStringIncludes(both.out, `${name} is made`);
      assertStringIncludes(
        both.err,
        `warning: Cannot reach "${name}" after 1 s. Is the card in it`,
      );
    }
    const made = Deno.readFileSync(image).subarray(9 << 20);
    for (const name of ["a", "b"]) {
      assertEquals(Deno.readFileSync(disk(name)).subarray(9 << 20), made, name);
    }
    const verify = ["provision", "alpha", "beta", "--verify-only", ...media];
    assertEquals((await tower.run(...verify)).code, 0);
    const one = ["provision", "alpha", ...words, "--force", "--boot-device", a.path];
    const alone = await tower.run(...one);
    assertEquals(alone.code, 1);
    assertStringIncludes(alone.err, 'error: Cannot reach "alpha" after 1 s');
    assertStringIncludes(alone.err, "hint: Is the card in it, the cable on the right switch");
    assertEquals(JSON.parse((await tower.run("list", "--json")).out).length, 2);
  },
});
