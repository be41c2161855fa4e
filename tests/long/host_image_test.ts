import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { parseRecord } from "../../lib/release/record.ts";
import { run } from "../../build/root.ts";
import { unpackImage } from "../../lib/disk/packed_image.ts";
import { parseBmap } from "../../lib/format/bmap_reader.ts";
import { decodePartitions } from "../../lib/format/mbr.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { realEnv } from "../../lib/env.ts";
import { hashFile } from "../../lib/files/artifact_file.ts";
import { listDir, readText } from "../../lib/files/files.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { hostMissing } from "../support/build/host_system.ts";
import { testEnv } from "../support/program/test_env.ts";

const missing = hostMissing();
const note = missing ? ` (skipped: ${missing})` : "";
const { signal } = new AbortController();

Deno.test({
  name: `the host's image as a user gets it: name, map, digests, signature, record${note}`,
  ignore: missing !== undefined,
  async fn(t) {
    using folder = tempFolder();
    using env = testEnv({ runner: denoRunner() });
    const builder = { ...env, cacheDir: realEnv().cacheDir };
    const tool = (...args: string[]) => run({ ...builder, args });
    const out = join(folder.path, "out");
    assertEquals(await tool("build", "host", "--offline", "--output", out, "--sign"), 0, env.err);
    const names = listDir(out).filter((name) => !name.startsWith("."));
    const file = names.find((name) => name.endsWith(".zst"))!;
    assertMatch(file, /^toweros-host-\d+\.\d+\.\d+-\d{14}\.img\.zst$/);
    const raw = file.replace(".zst", "");
    assertEquals(names, [
      "SHA256SUMS",
      "SHA256SUMS.sig",
      "host-x86_64.lock.json",
      "host.tree.json",
      "record.json",
      "record.json.sig",
      `${raw}.bmap`,
      file,
    ]);
    const signers = `${env.home}/.local/tower/image_signers`;
    assertEquals(await tool("verify", out, "--key", signers), 0, env.err);
    const record = parseRecord(readText(join(out, "record.json"), 1 << 26), "record");
    const image = join(folder.path, "disk.img");
    await unpackImage(join(out, file), image, builder.runner, signal);
    const [disk] = record.artifacts;
    assertEquals(disk!.raw, { digest: hashFile(image), size: Deno.statSync(image).size });
    const map = parseBmap(readText(join(out, `${raw}.bmap`), 1 << 20), "bmap");
    assertEquals(map.imageSize, disk!.raw!.size);

    await t.step("E24: the boot code is on the disk that the image is of", () => {
      using device = Deno.openSync(image);
      const sector = new Uint8Array(512);
      device.readSync(sector);
      assert(sector.subarray(0, 440).some((byte) => byte !== 0), "no boot code");
      const [boot] = decodePartitions(sector);
      assert(boot && sector[446] === 0x80, "the boot partition is not the active one");
    });

    await t.step("D5: kernel, initramfs and configuration are under the signature", async () => {
      const bytes = Deno.readFileSync(join(out, file));
      bytes[bytes.length >> 1]! ^= 1;
      Deno.writeFileSync(join(out, file), bytes);
      assertEquals(await tool("verify", out, "--key", signers), 1);
      assertMatch(env.err, /Cannot trust .*\.img\.zst is changed/);
    });
  },
});
