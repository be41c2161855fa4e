import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { unpackImage } from "../../../lib/disk/packed_image.ts";
import { TowerError } from "../../../lib/errors.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { hashFile } from "../../../lib/files/artifact_file.ts";
import { tempFolder } from "../../support/program/file_sink.ts";

const runner = denoRunner();
const MIB = 1 << 20;
const { signal } = new AbortController();

Deno.test({
  name: "an image that zstd packed is unpacked with its holes, or nothing is left",
  ignore: runner.which("zstd") === undefined,
  async fn() {
    using folder = tempFolder();
    const [raw, to] = ["a.img", "b.img"].map((name) => join(folder.path, name)) as [string, string];
    const file = Deno.openSync(raw, { create: true, write: true });
    const data = crypto.getRandomValues(new Uint8Array(65536));
    for (const at of [0, 7 * MIB + 512, 40 * MIB - data.length]) {
      file.seekSync(at, Deno.SeekMode.Start);
      file.writeSync(data);
    }
    file.close();
    const { stdout } = await runner.run({ argv: ["zstd", "-1", "-c", raw] });
    Deno.writeFileSync(`${raw}.zst`, stdout);
    const told: number[] = [];
    await unpackImage(`${raw}.zst`, to, runner, signal, (done, total) => {
      assertEquals(total, stdout.length);
      told.push(done);
    });
    assertEquals([told.at(-1), told], [stdout.length, told.toSorted((a, b) => a - b)]);
    assertEquals(hashFile(to), hashFile(raw));
    const { blocks, mode, size } = Deno.statSync(to);
    assertEquals([mode! & 0o777, size], [0o600, 40 * MIB]);
    assert(blocks! * 512 < 2 * MIB, `${blocks} blocks`);
    Deno.removeSync(to);
    Deno.writeFileSync(`${raw}.zst`, stdout.subarray(0, stdout.length >> 1));
    await assertRejects(() => unpackImage(`${raw}.zst`, to, runner, signal), TowerError, "damaged");
    assertEquals([...Deno.readDirSync(folder.path)].map((e) => e.name).sort(), [
      "a.img",
      "a.img.zst",
    ]);
  },
});
