import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { parseRecord } from "../../../lib/release/record.ts";
import { offline, provisionMissing } from "../../support/fleet/provisioning.ts";
import { TowerProgram } from "../../support/fleet/tower_program.ts";
import { LoopDevice, loopMissing } from "../../support/format/loop_device.ts";
import { partitionFile } from "../../support/format/partition_file.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named } from "../../support/program/missing_programs.ts";
import { TestProgram } from "../../support/program/test_program.ts";
import { run } from "../../support/program/run_tool.ts";

const runner = denoRunner();
const missing = provisionMissing("sfdisk", "mtype", "fsck.fat");

const partition = (name: string, type: string, content: object) => ({
  ...{ name, type, content, free: "1MiB" },
});
/** A disk whose boot partition no table would tell: the third of a GPT, behind another FAT one. */
const DISK = {
  ...{ kind: "disk", file: "small.img", table: "gpt" },
  partitions: [
    partition("blob", "linux", { kind: "raw", base64: "AAEC" }),
    partition("share", "esp", { kind: "fat" }),
    partition("boot", "data", { kind: "fat", folder: "/boot" }),
    partition("root", "root", { kind: "ext4", folder: "/" }),
  ],
};

/** Builds such a disk, compressed as it is wanted, by `tower-build`; its path. */
async function built(program: TestProgram, compression: string): Promise<string> {
  program.write(
    "small.yaml",
    JSON.stringify({
      ...{ name: "small", arches: ["x86_64"], repositories: [program.repository().folder] },
      stages: [
        { kind: "packages", world: ["hello"] },
        { kind: "files", files: [{ path: "/boot/text", contents: "of the system\n" }] },
      ],
      outputs: [{ ...DISK, compression }],
    }),
  );
  const args = ["small.yaml", "--keys", "repository/keys", "--output", "out"];
  const { code, err } = await program.run("build", ...args);
  assertEquals(code, 0, err);
  return program.path(`out/small.img${compression === "none" ? "" : ".zst"}`);
}

for (const compression of ["none", "zstd"]) {
  Deno.test({
    ...named(
      `a host's files go to the partition that the record calls its boot, compressed by ${compression}`,
      missing,
    ),
    async fn() {
      using program = new TestProgram({ runner });
      const image = await built(program, compression);
      using folder = tempFolder();
      using tower = new TowerProgram();
      const card = join(folder.path, "card");
      const done = await tower.run(...offline("vault", image, "--device-file", card));
      assertEquals(done.code, 0, done.err);
      const boot = await partitionFile(runner, card, 3);
      await run("fsck.fat", "-n", boot);
      assertStringIncludes(await run("mtype", "-i", boot, "::tower.env"), "HOSTNAME='vault'\n");
      assertEquals(await run("mtype", "-i", boot, "::text"), "of the system\n");
      const verify = ["provision", "vault", "--verify-only", "--device-file", card];
      const right = await tower.run(...verify, "--image", image);
      assertEquals(right.code, 0, right.err);
      const alone = await tower.run(...verify);
      assertEquals(alone.code, 1);
      assertStringIncludes(
        alone.err,
        "the disk has a GPT, and no record of its image is beside it",
      );
    },
  });
}

Deno.test({
  ...named("an image without a boot partition in its record is no host's", missing),
  async fn() {
    using program = new TestProgram({ runner });
    const image = await built(program, "none");
    const path = program.path("out/record.json");
    const record = parseRecord(Deno.readTextFileSync(path), path);
    const [disk] = record.artifacts;
    delete disk!.partitions![2]!.folder;
    Deno.writeTextFileSync(path, JSON.stringify(record));
    const { stdout } = await runner.run({
      argv: ["sha256sum", "small.img", "small.img.bmap", "record.json"],
      cwd: program.path("out"),
    });
    Deno.writeFileSync(program.path("out/SHA256SUMS"), stdout);
    using tower = new TowerProgram();
    const { code, err } = await tower.run(
      ...offline("vault", image, "--device-file", program.path("card")),
    );
    assertEquals(code, 1);
    assertStringIncludes(err, "the image's record has no FAT partition that holds /boot");
  },
});

Deno.test({
  ...named(
    "flash tells that nothing starts from a disk whose record knows no loader",
    missing ?? await loopMissing(),
  ),
  async fn() {
    using program = new TestProgram({ runner });
    const image = await built(program, "none");
    const disk = program.path("disk");
    Deno.writeFileSync(disk, new Uint8Array(Deno.statSync(image).size));
    await using loop = await LoopDevice.create(disk);
    const flash = ["flash", image, loop.path, "--allow-fixed-disk", "--dry-run"];
    const { code, out, err } = await program.run(...flash);
    assertEquals(code, 0, err);
    assertStringIncludes(out, "warning: no computer starts from it: it has no boot loader\n");
    Deno.removeSync(program.path("out/record.json"));
    const unknown = await program.run(...flash);
    assertEquals(unknown.out.includes("no computer starts"), false);
  },
});
