import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { writeVerityOfFile } from "../../../lib/disk/verity_file.ts";
import { TowerError } from "../../../lib/errors.ts";
import { hashFile } from "../../../lib/files/artifact_file.ts";
import { openDisk } from "../../../lib/files/disk_file.ts";
import { uuidFrom } from "../../../lib/format/uuid.ts";
import { VERITY_BLOCK } from "../../../lib/format/verity/geometry.ts";
import { writeVerity } from "../../../lib/format/verity/tree.ts";
import { verify } from "../../../lib/format/verity/verified_source.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { fileSink, tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { randomNumbers } from "../../support/program/random_numbers.ts";
import { run } from "../../support/program/run_tool.ts";

const runner = denoRunner();
const missing = programsMissing(runner, "veritysetup");
const uuid = uuidFrom("verity");
const SALTS = {
  "no salt": new Uint8Array(),
  "a salt": Uint8Array.from({ length: 32 }, (_, i) => i),
};
/** Either side of where a level is full, and of where there is none. */
const COUNTS = [1, 2, 128, 129, 16384, 16385];

/** Noise that is the same each time. */
function writeNoise(path: string, size: number): void {
  const random = randomNumbers(size);
  using sink = fileSink(path, size);
  const chunk = new Uint8Array(VERITY_BLOCK);
  for (let at = 0; at < size; at += chunk.length) {
    const words = new Uint32Array(chunk.buffer, 0, 16);
    words.forEach((_, i) => words[i] = random.below(2 ** 32));
    sink.writeAt(at, chunk);
  }
}

for (const [what, salt] of Object.entries(SALTS)) {
  Deno.test({
    ...named(`hash devices with ${what} are those of veritysetup, byte for byte`, missing),
    async fn() {
      using folder = tempFolder();
      const [data, theirs, ours] = ["data", "theirs", "ours"].map((f) => join(folder.path, f)) as [
        string,
        string,
        string,
      ];
      const saltWord = salt.length === 0 ? "-" : salt.toHex();
      for (const count of COUNTS) {
        const size = count * VERITY_BLOCK;
        writeNoise(data, size);
        const told = await run(
          "veritysetup",
          "format",
          `--uuid=${uuid}`,
          `--salt=${saltWord}`,
          data,
          theirs,
        );
        using source = openDisk(data, "read");
        let root: string;
        {
          using sink = fileSink(ours);
          root = writeVerity(source, { uuid, salt }, sink);
        }
        assertEquals(root, /Root hash:\s+([0-9a-f]{64})/.exec(told)?.[1], `${count} blocks`);
        assertEquals(hashFile(ours), hashFile(theirs), `${count} blocks`);
        await run("veritysetup", "verify", data, ours, root);
        using hashes = openDisk(theirs, "read");
        verify(source, hashes, root);
        {
          using sink = fileSink(ours);
          const part = { path: data, offset: 0, size };
          assertEquals(await writeVerityOfFile(part, { uuid, salt }, sink, 3, 0), root);
        }
        assertEquals(
          Deno.readFileSync(ours),
          Deno.readFileSync(theirs),
          `${count} blocks, workers`,
        );
      }
    },
  });
}

Deno.test({
  ...named("a flipped bit that veritysetup finds is found by ours", missing),
  async fn() {
    using folder = tempFolder();
    const [data, hashes] = ["data", "hashes"].map((f) => join(folder.path, f)) as [string, string];
    writeNoise(data, 300 * VERITY_BLOCK);
    using source = openDisk(data);
    let root: string;
    {
      using sink = fileSink(hashes);
      root = writeVerity(source, { uuid, salt: SALTS["a salt"] }, sink);
    }
    using tree = openDisk(hashes);
    const random = randomNumbers(5);
    for (let i = 0; i < 10; i++) {
      const file = random.pick([source, tree]);
      const at = VERITY_BLOCK + random.below(file.size - VERITY_BLOCK);
      const byte = new Uint8Array(1);
      file.readAt(at, byte);
      const flipped = Uint8Array.of(byte[0]! ^ 1 << random.below(8));
      file.writeAt(at, flipped);
      await assertRejects(() => run("veritysetup", "verify", data, hashes, root));
      assertThrows(() => verify(source, tree, root), TowerError, "is not what was hashed");
      file.writeAt(at, byte);
    }
    await run("veritysetup", "verify", data, hashes, root);
  },
});

Deno.test("data that ends before its time fails the workers' hashing, and says where", async () => {
  using folder = tempFolder();
  const data = join(folder.path, "data");
  writeNoise(data, 8 * VERITY_BLOCK);
  using sink = fileSink(join(folder.path, "hashes"));
  const part = { path: data, offset: 0, size: 16 * VERITY_BLOCK };
  const options = { uuid, salt: SALTS["no salt"] };
  await assertRejects(() => writeVerityOfFile(part, options, sink, 2, 0), Error, "the source ends");
});
