import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { TowerError } from "../../../lib/errors.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { CARD_SIZE, CARD_TOOLS, makeCardImage } from "../../support/fleet/card_image.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { LoopDevice, loopMissing } from "../../support/format/loop_device.ts";
import { programsMissing } from "../../support/program/missing_programs.ts";
import { TestProgram } from "../../support/program/test_program.ts";

/** What is told where no answer is left. */
const NOBODY = "\nNobody is there to answer: --no-confirm goes on without.\n";
const runner = denoRunner();
const why = programsMissing(runner, ...CARD_TOOLS, "losetup", "lsblk", "blockdev", "gzip", "cmp") ??
  await loopMissing() ?? "";
const how = { ignore: why !== "" };
const note = why === "" ? "" : ` (skipped: ${why})`;

/** A disk of sevens as a device, larger than the image. */
async function device(folder: string, size = CARD_SIZE + (8 << 20)) {
  const disk = join(folder, "disk");
  Deno.writeFileSync(disk, new Uint8Array(size).fill(7));
  const loop = await LoopDevice.create(disk);
  return {
    path: loop.path,
    disk,
    isUntouched: () => Deno.readFileSync(disk).every((byte) => byte === 7),
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  };
}

async function sums(folder: string, ...files: string[]) {
  const { stdout } = await runner.run({ argv: ["sha256sum", ...files], cwd: folder });
  Deno.writeFileSync(join(folder, "SHA256SUMS"), stdout);
}

Deno.test({
  ...how,
  name: `flash writes an image byte for byte, plain and compressed, and cmp finds it right${note}`,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    await runner.run({ argv: ["gzip", "-k", image] });
    await sums(folder.path, "host.img", "host.img.gz");
    using program = new TestProgram({ runner, answers: ["y"] });
    for (const [name, ...more] of [["host.img"], ["host.img.gz", "--no-confirm"]] as const) {
      await using card = await device(folder.path);
      const fixed = ["flash", join(folder.path, name), card.path, "--allow-fixed-disk"];
      const plan = await program.run(...fixed, "--dry-run");
      assertEquals([plan.code, card.isUntouched()], [0, true]);
      const [, ...shown] = plan.out.split("\n");
      assert(shown[0]!.startsWith(`  1. write the image to ${card.path}`), plan.out);
      assertEquals(shown[1], "  2. read it back and compare");
      assertStringIncludes(shown[2]!, "It will use image ");
      assertStringIncludes(plan.out, `warning: all data on ${card.path}`);
      const { code, out, err } = await program.run(...fixed, ...more);
      assertEquals(code, 0, err);
      assertStringIncludes(out, `${name}, read back and found right.\n`);
      await runner.run({ argv: ["cmp", "-n", String(CARD_SIZE), image, card.disk] });
      assert(Deno.readFileSync(card.disk).subarray(CARD_SIZE).every((byte) => byte === 7));
    }
    await using card = await device(folder.path);
    const zero = ["--allow-fixed-disk", "--zero-device", "--no-confirm", "--json"];
    const { out } = await program.run("flash", image, card.path, ...zero);
    const { image: { size }, written, steps } = JSON.parse(out);
    assertEquals([size, written], [CARD_SIZE, true]);
    const parts = steps.map((step: string) => step.replace(/ (over|to) .*/, ""));
    assertEquals(parts, ["write zeros", "write the image", "read it back and compare"]);
    assert(Deno.readFileSync(card.disk).subarray(CARD_SIZE).every((byte) => byte === 0));
  },
});

Deno.test({
  ...how,
  name: `flash asks, and refuses devices and images as provision does; nothing is written${note}`,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    await using card = await device(folder.path);
    using program = new TestProgram({ runner, answers: ["", "n"] });
    const fixed = ["--allow-fixed-disk"];
    for (let i = 0; i < 3; i++) {
      const { code, err } = await program.run("flash", image, card.path, ...fixed);
      assertEquals(code, 1);
      const alone = i < 2 ? "" : NOBODY;
      assert(err.endsWith(`Go on? [y/N] ${alone}Nothing was changed.\n`), err);
    }
    const go = [...fixed, "--no-confirm"];
    const refused = async (message: string, ...args: string[]) => {
      const { code, error } = await program.fails("flash", ...args);
      assertEquals(code, 1, args.join(" "));
      assertStringIncludes(error.join("\n"), message);
      assert(card.isUntouched());
    };
    await refused("it is built in, not removable", image, card.path, "--no-confirm");
    await refused("it is no block device", image, card.disk, ...go);
    await refused("tower-build boot IMAGE starts it", image, card.disk, ...go);
    await refused('Cannot write to "/dev/nowhere": there is no such device', image, "/dev/nowhere");
    await refused(`Cannot write "${folder.path}": it is a folder`, folder.path, card.path);
    await refused('"demo"', "demo", card.path);
    await refused('Cannot write "DIR/cwd/no.img": it is not there', "no.img", card.path);
    program.write("keys.pub", `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)} me\n`);
    await refused("it is not signed", image, card.path, ...go, "--signers", "keys.pub");
    Deno.mkdirSync(`${program.env.home}/.local/tower`, { recursive: true });
    Deno.copyFileSync(program.path("keys.pub"), `${program.env.home}/.local/tower/image_signers`);
    await refused("it is not signed", image, card.path, ...go);
    Deno.removeSync(`${program.env.home}/.local/tower/image_signers`);
    {
      using file = Deno.openSync(image, { write: true });
      file.seekSync(CARD_SIZE - 1, Deno.SeekMode.Start);
      file.writeSync(Uint8Array.of(99));
    }
    await refused("Cannot trust", image, card.path, ...go);
    Deno.removeSync(join(folder.path, "SHA256SUMS"));
    await refused("there is no SHA256SUMS beside it", image, card.path, ...go);
  },
});

Deno.test({
  ...how,
  name: `flash says that a device is not whole when it was stopped on the way${note}`,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    await using card = await device(folder.path);
    const stop = new AbortController();
    using program = new TestProgram({
      runner,
      signal: stop.signal,
      answers: ["yes"],
      onQuestion: () =>
        stop.abort(new TowerError("interrupted", "Cannot go on: SIGINT was received")),
    });
    const { code, err } = await program.run("flash", image, card.path, "--allow-fixed-disk");
    assertEquals(code, 130);
    assertStringIncludes(err, `error: Cannot use ${card.path} (`);
    assertMatch(
      err,
      /\): its writing was interrupted\n {2}hint: Start nothing from it: write it again\n$/,
    );
  },
});
