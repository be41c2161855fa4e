import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { blockEncoderHere } from "../../../lib/disk/block_order.ts";
import { openBlockEncoder } from "../../../lib/format/block_encoder.ts";
import { zstdHere } from "../../../lib/disk/zstd_frame.ts";
import { ZstdFilePacker } from "../../../lib/disk/zstd_file_packer.ts";
import { ZstdPacker } from "../../../lib/disk/zstd_packer.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { digestOf } from "../../../lib/bytes/digest.ts";
import { openZstd, ZSTD_FRAME } from "../../../lib/format/zstd.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { createArtifact } from "../../../lib/files/artifact_file.ts";
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

/** What is written to a file of so many bytes, in this order. */
type Writes = readonly (readonly [offset: number, bytes: Uint8Array])[];

const WAIT = 5;
/** Answers of workers are heard meanwhile, or not. */
const sleep = () => new Promise((resolve) => setTimeout(resolve, WAIT));
const block = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT);

/** Compresses a file while it is written, with a wait after each write. */
async function packedFile(
  size: number,
  writes: Writes,
  wait: () => unknown,
): Promise<Uint8Array> {
  using folder = tempDir();
  using file = createArtifact(join(folder.path, "file"));
  using spool = createArtifact(join(folder.path, "spool"));
  file.setSize(size);
  const parts: Uint8Array[] = [];
  const options = { level: 3, jobs: 2, spool };
  using packer = new ZstdFilePacker(file.temporary, options, (part) => parts.push(part));
  for (const [offset, bytes] of writes) {
    file.writeAt(offset, bytes);
    packer.changed(offset, bytes.length);
    await wait();
  }
  for (let at = 0; at < size; at += 1 << 20) await packer.done(Math.min(1 << 20, size - at));
  await packer.end();
  return concat(parts);
}

Deno.test("zstd frames of a file that is still written are those of what it is in the end", async () => {
  const frames = 24;
  for (const size of [frames * ZSTD_FRAME, frames * ZSTD_FRAME - 77_000, 5]) {
    const expected = new Uint8Array(size);
    const writes: [number, Uint8Array][] = [];
    const write = (offset: number, fill: number, length: number) => {
      const bytes = new Uint8Array(Math.min(length, size - offset)).fill(fill);
      writes.push([offset, bytes]);
      expected.set(bytes, offset);
    };
    write(0, 1, 5);
    // Two of three frames, in order; the others are holes.
    for (let i = 0; i < frames && i * ZSTD_FRAME < size; i++) {
      if (i % 3 !== 2) write(i * ZSTD_FRAME, i + 1, ZSTD_FRAME);
    }
    write(size - 1, 9, 1);
    // Some are written to again, as metadata of a file system is, one of the holes among them.
    for (const i of [12, 0, 2, 4, 6, 19]) {
      if (i * ZSTD_FRAME + 19 < size) write(i * ZSTD_FRAME + 9, 200 + i, 10);
    }
    const alone = digestOf(await packed(expected, 1, size));
    for (const wait of [sleep, block]) {
      assertEquals(digestOf(await packedFile(size, writes, wait)), alone, `${size} bytes`);
    }
  }
});

Deno.test("zstd frames of a file: what cannot be written, or read, ends the work", async () => {
  using folder = tempDir();
  using spool = createArtifact(join(folder.path, "spool"));
  const path = join(folder.path, "file");
  Deno.writeFileSync(path, contents());
  const full = () => {
    throw new Error("no space left");
  };
  const options = { level: 3, jobs: 2, spool };
  for (
    const [file, write, message] of [
      [path, full, "no space left"],
      [
        join(folder.path, "none"),
        () => {},
        `Cannot read "${folder.path}/none": there is no such file`,
      ],
    ] as const
  ) {
    using packer = new ZstdFilePacker(file, options, write);
    await assertRejects(
      async () => {
        await packer.done(contents().length);
        await packer.end();
      },
      Error,
      message,
    );
  }
});

Deno.test("zstd frames of a file: one that cannot be written is not forgotten where the next can", async () => {
  using folder = tempDir();
  using spool = createArtifact(join(folder.path, "spool"));
  const path = join(folder.path, "file");
  const size = 4 * ZSTD_FRAME;
  Deno.writeFileSync(path, new Uint8Array(size).fill(7));
  const failing = Promise.withResolvers<void>();
  let isFull = true;
  const write = () => {
    if (!isFull) return;
    isFull = false;
    failing.resolve();
    throw new Error("no space left");
  };
  using packer = new ZstdFilePacker(path, { level: 3, jobs: 2, spool }, write);
  packer.changed(0, size);
  await packer.done(size);
  // Nobody waits for the packer when it fails, nor when the frames behind are made.
  await failing.promise;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await assertRejects(() => packer.end(), Error, "no space left");
});
