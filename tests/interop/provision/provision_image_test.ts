import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { hexOf } from "../../../lib/bytes/digest.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { hashFile } from "../../../lib/files/artifact_file.ts";
import { makeCardImage } from "../../support/fleet/card_image.ts";
import { rootMissing } from "../../support/format/disk_tree.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named } from "../../support/program/missing_programs.ts";
import {
  offline,
  provisionMissing,
  writeBlockMap,
  writeSums,
} from "../../support/fleet/provisioning.ts";
import { TowerProgram } from "../../support/fleet/tower_program.ts";

const runner = denoRunner();
const missing = provisionMissing("gzip", "zstd", "xz");
const PROGRAMS = { ".gz": "gzip", ".zst": "zstd", ".xz": "xz" } as const;
const SUFFIXES = [".gz", ".zst", ".xz"] as const;
/** Where the boot partition ends: behind it a card is what the image is, byte for byte. */
const BEHIND_BOOT = 9 << 20;

async function compress(image: string, suffix: keyof typeof PROGRAMS): Promise<string> {
  await runner.run({ argv: [PROGRAMS[suffix], "-1", "-q", "-f", "-k", image] });
  await writeSums(image);
  return image + suffix;
}

function files(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), (e) => e.name).sort();
}

Deno.test({
  ...named("a compressed image, with a block map or without, makes the same card", missing),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    const content = Deno.readFileSync(image);
    using tower = new TowerProgram();
    for (const [i, suffix] of SUFFIXES.entries()) {
      if (i === 1) writeBlockMap(image);
      const packed = await compress(image, suffix);
      const card = join(folder.path, `card${i}`);
      const done = await tower.run(...offline(`h${i}`, packed, "--device-file", card));
      assertEquals(done.code, 0, `${suffix}: ${done.err}`);
      assert(Deno.statSync(card).blocks! * 512 < content.length / 2, "its holes are holes");
      const made = Deno.readFileSync(card);
      assertEquals(made.subarray(BEHIND_BOOT), content.subarray(BEHIND_BOOT), suffix);
      const verify = ["provision", `h${i}`, "--verify-only", "--device-file", card];
      assertEquals((await tower.run(...verify)).code, 0);
    }
    assertEquals(files(folder.path).filter((name) => /tmp|part/.test(name)), []);
  },
});

Deno.test({
  ...named("the line that a refusal says to type makes the digests that are wanted", missing),
  async fn() {
    using folder = tempFolder();
    const place = join(folder.path, "it's here");
    Deno.mkdirSync(place);
    const image = join(place, "-my host.img");
    Deno.renameSync(await makeCardImage(folder.path), image);
    const digest = hexOf(hashFile(image));
    const sums = join(place, "SHA256SUMS");
    const bad = {
      "none": undefined,
      "of an absolute path": `${digest}  ${image}\n`,
      "of another": `${digest}  host.img\n`,
      "of another, without an end": `${digest}  host.img`,
    };
    for (const [what, text] of Object.entries(bad)) {
      await Deno.remove(sums).catch(() => {});
      if (text !== undefined) Deno.writeTextFileSync(sums, text);
      using tower = new TowerProgram();
      const words = offline("vault", image, "--device-file", join(folder.path, "card"));
      const { code, err } = await tower.run(...words, "--dry-run");
      assertEquals(code, 1, what);
      const [, line] = /: (cd .*SHA256SUMS)$/m.exec(err) ?? [];
      await runner.run({ argv: ["sh", "-c", line!.replaceAll("DIR", tower.env.dir)] });
      const after = await tower.run(...words, "--dry-run");
      assertEquals(after.code, 0, `${what}: ${after.err}`);
    }
    using tower = new TowerProgram();
    const words = offline("vault", image, "--device-file", `${image}.card`);
    for (const text of [`SHA256 (-my host.img) = ${digest}\n`, `${digest} *./-my host.img\r\n`]) {
      Deno.writeTextFileSync(sums, text);
      const taken = await tower.run(...words, "--dry-run");
      assertEquals(taken.code, 0, text + taken.err);
    }
    const refused = async (line: string, message: string) => {
      Deno.writeTextFileSync(sums, `${digest}  -my host.img\n${line}\n`);
      const { code, err } = await tower.run(...words);
      assertEquals(code, 1);
      assertStringIncludes(err, message);
    };
    await refused(`${"0".repeat(64)}  -my host.img`, 'it has two digests of "-my host.img"');
    await refused("no digest", 'SHA256SUMS": line 2 is no SHA-256 digest and name of a file');
  },
});

Deno.test({
  ...named(
    "a compressed image that is damaged, cut or not what its map says makes no host",
    missing,
  ),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    using tower = new TowerProgram();
    const card = join(folder.path, "card");
    const refused = async (packed: string, message: string) => {
      const { code, err } = await tower.run(...offline("vault", packed, "--device-file", card));
      assertEquals(code, 1, err);
      assertStringIncludes(err, message);
      assertEquals((await tower.run("list")).out, "No host found.\n");
      assertEquals(files(folder.path).filter((name) => name.includes("card")), []);
    };
    for (const suffix of SUFFIXES) {
      const packed = await compress(image, suffix);
      const whole = Deno.readFileSync(packed);
      // Another file than the one that was vouched for: refused before it is looked into.
      Deno.writeFileSync(packed, whole.subarray(0, whole.length - 100));
      await refused(packed, "it is not what SHA256SUMS says");
      // Its maker vouches for a broken one: found when it is read, with a block map while writing.
      await writeSums(image);
      await refused(packed, `Cannot decompress "${packed}": it is damaged or not whole`);
      if (suffix === ".zst") {
        writeBlockMap(image);
        await writeSums(image);
        await refused(packed, `Cannot decompress "${packed}": it is damaged or not whole`);
        Deno.removeSync(`${image}.bmap`);
      }
      Deno.removeSync(packed);
    }
    writeBlockMap(image);
    using disk = Deno.openSync(image, { write: true });
    disk.seekSync(20 << 20, Deno.SeekMode.Start);
    disk.writeSync(Uint8Array.of(1, 2, 3));
    await refused(await compress(image, ".zst"), "it is not what its block map says");
    await refused(image, "it is not what its block map says");
    Deno.truncateSync(image, 20 << 20);
    await refused(await compress(image, ".gz"), "it has 20971520 bytes, not 25165824");
    await refused(image, "its block map is of 25165824 bytes");
  },
});

Deno.test({
  ...named("E11: the newest image of the builds folders is taken, compressed or not", missing),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    using tower = new TowerProgram();
    // Below the home: temporary folders are in one that others may write to.
    Object.assign(tower.env, { cwd: tower.env.home });
    const builds = join(tower.env.cwd, "builds");
    Deno.mkdirSync(join(builds, "host-x86_64"), { recursive: true });
    const chosen = async () => {
      const args = ["provision", "vault", "--offline", "--dry-run", "--json", "--device-file", "x"];
      const { code, out, err } = await tower.run(...args);
      return code === 0 ? JSON.parse(out).image.path.split("builds/")[1] : err;
    };
    const put = async (name: string, suffix: "" | keyof typeof PROGRAMS = "") => {
      const path = join(builds, name);
      Deno.copyFileSync(image, path);
      if (suffix !== "") {
        await runner.run({ argv: [PROGRAMS[suffix], "-1", "-q", "-k", path] });
        Deno.removeSync(path);
      }
      await writeSums(join(dirname(path), "toweros-host"));
    };
    assertStringIncludes(await chosen(), "Cannot find an image of a host");
    await put("host-x86_64/toweros-host-0.9-20250101000000.img");
    assertEquals(await chosen(), "host-x86_64/toweros-host-0.9-20250101000000.img");
    await put("host-x86_64/toweros-host-0.10-20240101000000.img", ".zst");
    assertEquals(await chosen(), "host-x86_64/toweros-host-0.10-20240101000000.img.zst");
    await put("toweros-host-0.2-20200101000000.img", ".xz");
    assertEquals(await chosen(), "toweros-host-0.2-20200101000000.img.xz");
    Deno.removeSync(join(builds, "toweros-host-0.2-20200101000000.img.xz"));
    Deno.mkdirSync(join(builds, "host-aarch64"));
    await put("host-aarch64/toweros-host-0.9-20250101000000.img");
    assertStringIncludes(await chosen(), "Cannot choose an image");
  },
});

Deno.test({
  ...named(
    "image_signers in the inventory makes a signature a must; --signers wins over it",
    missing,
  ),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    using tower = new TowerProgram();
    const key = (name: string) => join(folder.path, name);
    for (const name of ["mine", "other"]) {
      await runner.run({ argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key(name)] });
    }
    Deno.mkdirSync(tower.folder, { recursive: true, mode: 0o700 });
    const mine = Deno.readTextFileSync(key("mine.pub"));
    Deno.writeTextFileSync(join(tower.folder, "image_signers"), `# who builds\n${mine}`);
    const dry = (...more: string[]) =>
      tower.run(...offline("vault", image, "--device-file", "x", "--dry-run", ...more));
    assertStringIncludes((await dry()).err, "it is not signed");
    const sums = join(folder.path, "SHA256SUMS");
    const sign = (name: string) =>
      runner.run({
        argv: ["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", key(name), sums],
      });
    await sign("other");
    const stranger = await dry();
    assertEquals(stranger.code, 1);
    assertStringIncludes(stranger.err, "Cannot trust");
    assertEquals((await dry("--signers", key("other.pub"))).code, 0);
    Deno.removeSync(`${sums}.sig`);
    await sign("mine");
    const right = await dry();
    assertEquals(right.code, 0, right.err);
    assertStringIncludes(right.out, "digest and signature (SHA256:");
    assertEquals((await dry("--signers", key("other.pub"))).code, 1);
  },
});

Deno.test({
  ...named(
    "an image that another user could have put there is passed over, and told; not if named",
    missing ?? rootMissing(),
  ),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    using tower = new TowerProgram();
    const { home } = tower.env;
    const work = join(home, "work");
    Object.assign(tower.env, { cwd: work, cacheDir: join(home, "cache") });
    const put = (folder: string, version: string) => {
      Deno.mkdirSync(folder, { recursive: true });
      const path = join(folder, `toweros-host-${version}-20250101000000.img`);
      Deno.copyFileSync(image, path);
      Deno.chmodSync(path, 0o644);
      return path;
    };
    const [foreign, own] = [put(join(work, "dist"), "9.0"), put(join(home, "cache/builds"), "0.1")];
    for (const path of [foreign, own]) await writeSums(join(dirname(path), "toweros-host"));
    const sums = join(dirname(foreign), "SHA256SUMS");
    const chosen = async (...more: string[]) => {
      const dry = ["provision", "vault", "--offline", "--dry-run", "--device-file", "x.img"];
      const { code, out, err } = await tower.run(...dry, ...more);
      assertEquals(code, 0, err);
      return { path: /use image (.*), digest/.exec(out)?.[1]?.replace("DIR", tower.env.dir), err };
    };
    assertEquals((await chosen()).path, foreign);
    const cases: [change: () => void, back: () => void, reason: string][] = [
      [
        () => Deno.chmodSync(work, 0o1777),
        () => Deno.chmodSync(work, 0o755),
        `others may write to "${work}"`,
      ],
      [
        () => Deno.chownSync(join(work, "dist"), 12345, 0),
        () => Deno.chownSync(join(work, "dist"), 0, 0),
        `"${join(work, "dist")}" belongs to another user`,
      ],
      [
        () => Deno.chmodSync(foreign, 0o664),
        () => Deno.chmodSync(foreign, 0o644),
        `others may write to "${foreign}"`,
      ],
      [
        () => Deno.chownSync(foreign, 12345, 0),
        () => Deno.chownSync(foreign, 0, 0),
        `"${foreign}" belongs to another user`,
      ],
      [
        () => Deno.chmodSync(sums, 0o666),
        () => Deno.chmodSync(sums, 0o644),
        `others may write to "${sums}"`,
      ],
      [
        () => {
          Deno.writeTextFileSync(`${foreign}.bmap`, "");
          Deno.chownSync(`${foreign}.bmap`, 12345, 0);
        },
        () => Deno.removeSync(`${foreign}.bmap`),
        `"${foreign}.bmap" belongs to another user`,
      ],
    ];
    for (const [change, back, reason] of cases) {
      change();
      const { path, err } = await chosen();
      assertEquals(path, own, reason);
      assertStringIncludes(err, `was passed over: ${reason}`.replace(tower.env.dir, "DIR"));
      assertEquals((await chosen("--image", foreign)).path, foreign);
      back();
    }
    assertEquals((await chosen()).path, foreign);
  },
});
