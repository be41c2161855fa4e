import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { imagePieces } from "../../../lib/disk/packed_image.ts";
import { messagesOf, TowerError } from "../../../lib/errors.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { programsMissing } from "../../support/program/missing_programs.ts";
import { randomNumbers } from "../../support/program/random_numbers.ts";

const runner = denoRunner();
const { signal } = new AbortController();
const missing = programsMissing(runner, "gzip", "zstd", "xz");
const note = missing ? ` (skipped: ${missing})` : "";
const ignore = missing !== undefined;
const PROGRAMS = { ".gz": "gzip", ".zst": "zstd", ".xz": "xz" } as const;
/** What the small file stands for, and what reading it may take. */
const SIZE = 384 << 20;
const LIMIT = 192 << 20;
const SUFFIXES = [".gz", ".zst", ".xz"] as const;

/** Compresses a file beside itself as the real program does. */
async function pack(file: string, suffix: keyof typeof PROGRAMS): Promise<string> {
  const argv = [PROGRAMS[suffix], "-1", "-q", "-f", "-k", file] as const;
  await runner.run({ argv: [...argv] });
  return file + suffix;
}

async function sumOf(path: string, onSize: (size: number) => void = () => {}): Promise<string> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const piece of imagePieces(path, runner, signal)) {
    hash.update(piece);
    onSize(size += piece.length);
  }
  return hash.digest("hex");
}

Deno.test({
  name: `what gzip, zstd and xz compressed comes back; what is cut or changed is refused${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const file = join(folder.path, "disk.img");
    const random = randomNumbers(3);
    Deno.writeFileSync(
      file,
      new Uint8Array(5_000_001).map((_, i) => i < 3_000_000 ? 0 : random.below(200)),
    );
    const sum = await sumOf(file);
    for (const suffix of SUFFIXES) {
      const packed = await pack(file, suffix);
      assertEquals(await sumOf(packed), sum, suffix);
      const bytes = Deno.readFileSync(packed);
      const changed = bytes.slice();
      changed.fill(0xff, changed.length >> 1, (changed.length >> 1) + 64);
      const damaged = [bytes.subarray(0, bytes.length - 20), bytes.subarray(0, 1000)];
      damaged.push(new Uint8Array());
      // Changed contents of zstd are found by the digests of image and block map.
      if (suffix !== ".zst") damaged.push(changed);
      for (const [i, part] of damaged.entries()) {
        Deno.writeFileSync(packed, part);
        const error = await assertRejects(() => sumOf(packed), TowerError);
        assertStringIncludes(error.message, "it is damaged or not whole", `${suffix} ${i}`);
        assert(messagesOf(error).length > 1);
      }
    }
  },
});

Deno.test({
  name: `many zeros in a small file are never held whole${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const file = join(folder.path, "zeros.img");
    Deno.writeFileSync(file, new Uint8Array());
    Deno.truncateSync(file, SIZE);
    for (const suffix of SUFFIXES) {
      const packed = await pack(file, suffix);
      const before = Deno.memoryUsage().rss;
      let [most, size] = [0, 0];
      for await (const piece of imagePieces(packed, runner, signal)) {
        size += piece.length;
        if (size % (64 << 20) < piece.length) most = Math.max(most, Deno.memoryUsage().rss);
      }
      assertEquals(size, SIZE);
      assert(most - before < LIMIT, `${suffix}: ${(most - before) >> 20} MiB`);
    }
  },
});

Deno.test("without xz the one that is needed is named", async () => {
  using folder = tempFolder();
  const bare = { ...runner, which: () => undefined };
  const path = join(folder.path, "x.img.xz");
  Deno.writeFileSync(path, new Uint8Array());
  await assertRejects(
    () => Array.fromAsync(imagePieces(path, bare, signal)),
    TowerError,
    'there is no program "xz"',
  );
});
