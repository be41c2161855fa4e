import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { blockEncoderHere } from "../../../lib/disk/block_order.ts";
import { openBlockEncoder } from "../../../lib/format/block_encoder.ts";
import { zstdHere } from "../../../lib/disk/zstd_frame.ts";
import { ZstdPacker } from "../../../lib/disk/zstd_packer.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { digestOf } from "../../../lib/bytes/digest.ts";
import { openZstd, ZSTD_FRAME } from "../../../lib/format/zstd.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { tempDir } from "../../../lib/files/files.ts";
import { programsMissing } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const missing = programsMissing(runner, "zstd");

/** Three frames, the last one not of whole blocks; each page differs. */
function contents(): Uint8Array {
  const bytes = new Uint8Array(2 * ZSTD_FRAME + 70_001);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i >> 12) * 31 + (i % 97) * (i >> 9);
  return bytes;
}

async function packed(bytes: Uint8Array, jobs: number, piece: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  using packer = ZstdPacker.open(3, jobs, (part) => parts.push(part));
  for (let at = 0; at < bytes.length; at += piece) await packer.push(bytes.slice(at, at + piece));
  await packer.end();
  return concat(parts);
}

Deno.test({
  name: "zstd frames are the same for any number of workers and pieces, and zstd unpacks them" +
    (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  async fn() {
    using folder = tempDir();
    const bytes = contents();
    const alone = await packed(bytes, 1, bytes.length);
    for (const [jobs, piece] of [[2, 1 << 20], [5, 300_007]] as const) {
      assertEquals(digestOf(await packed(bytes, jobs, piece)), digestOf(alone), `${jobs} workers`);
    }
    const path = join(folder.path, "packed.zst");
    Deno.writeFileSync(path, alone);
    const { stdout } = await runner.run({ argv: ["zstd", "-dc", path] });
    assertEquals(digestOf(stdout), digestOf(bytes));
  },
});

Deno.test("zstd frames keep their order where one takes much longer than the next", async () => {
  const frames = 12;
  const bytes = new Uint8Array(frames * ZSTD_FRAME);
  let state = 1;
  for (let frame = 0; frame < frames; frame++) {
    // Of four, two are quick: each of two workers has a slow one before a quick one.
    if (frame % 4 >= 2) continue;
    const slow = bytes.subarray(frame * ZSTD_FRAME, (frame + 1) * ZSTD_FRAME);
    for (let i = 0; i < slow.length; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      slow[i] = (state >>> 24) % 40;
    }
  }
  const alone = digestOf(await packed(bytes, 1, bytes.length));
  for (let i = 0; i < 3; i++) assertEquals(digestOf(await packed(bytes, 2, 1 << 20)), alone);
});

Deno.test("zstd: the runtime's encoder gives the pinned one's bytes, or is not taken", async () => {
  const whole = contents();
  for (const level of [1, 3, 9]) {
    const native = openZstd(zstdHere(), level);
    const wasm = openZstd("wasm", level);
    for (const size of [0, 1, 70_000, 128 << 10, (1 << 20) + 1, ZSTD_FRAME, ZSTD_FRAME + 70_000]) {
      const bytes = whole.subarray(whole.length - size);
      assertEquals(
        digestOf(await native(bytes)),
        digestOf(await wasm(bytes)),
        `level ${level}, ${size} bytes`,
      );
    }
  }
});

Deno.test("zstd blocks: the runtime's encoder gives the pinned one's bytes, or is not taken", async () => {
  const whole = contents();
  for (const level of [1, 3, 6, 9, 12, 15, 19]) {
    const packing = { compression: "zstd", level } as const;
    const here = blockEncoderHere(packing);
    const pinned = openBlockEncoder(packing, "wasm");
    for (const size of [1, 100, 8192, 16_385, 70_000, 128 << 10, 1 << 20]) {
      const bytes = whole.subarray(whole.length - size);
      const digest = digestOf(await here(bytes));
      assertEquals(digest, digestOf(await pinned(bytes)), `level ${level}, ${size} bytes`);
    }
  }
});

Deno.test("zstd frames: what cannot be written ends the work, workers included", async () => {
  const full = () => {
    throw new Error("no space left");
  };
  const bytes = contents();
  using packer = ZstdPacker.open(3, 2, full);
  await assertRejects(
    async () => {
      await packer.push(bytes);
      await packer.end();
    },
    Error,
    "no space left",
  );
});

Deno.test("zstd frames of zeros, among others and at the end, are those that any packer makes", async () => {
  const bytes = new Uint8Array(9 * ZSTD_FRAME + 5);
  bytes[3 * ZSTD_FRAME - 1] = 1;
  bytes[5 * ZSTD_FRAME] = 1;
  const encode = openZstd(zstdHere(), 3);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += ZSTD_FRAME) {
    frames.push(await encode(bytes.subarray(at, at + ZSTD_FRAME)));
  }
  for (const jobs of [1, 2]) assertEquals(await packed(bytes, jobs, 1 << 20), concat(frames));
});
