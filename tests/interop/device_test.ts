import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { CARD_SIZE, CARD_TOOLS, makeCardImage } from "../support/card_image.ts";
import { tempFolder } from "../support/file_sink.ts";
import { TowerProgram } from "../support/tower_program.ts";

const runner = denoRunner();

/** A block device over a file; ends with its owner. */
class LoopDevice implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async create(file: string): Promise<LoopDevice> {
    const { stdout } = await runner.run({ argv: ["losetup", "--find", "--show", file] });
    return new LoopDevice(new TextDecoder().decode(stdout).trim());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await runner.run({ argv: ["losetup", "--detach", this.path] });
  }
}

async function whyNoLoop(): Promise<string> {
  const missing = [...CARD_TOOLS, "mke2fs", "mtype", "losetup", "lsblk", "blockdev"].filter((t) =>
    !runner.which(t)
  );
  if (missing.length > 0) return `${missing.join(", ")} missing`;
  if (Deno.uid() !== 0) return "loop devices need root";
  using folder = tempFolder();
  const file = join(folder.path, "probe");
  Deno.writeFileSync(file, new Uint8Array(1 << 20));
  try {
    await using _ = await LoopDevice.create(file);
    return "";
  } catch {
    return "this machine has no loop devices";
  }
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
