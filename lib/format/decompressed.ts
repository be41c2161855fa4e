import { createGunzip } from "node:zlib";
import { TowerError } from "../errors.ts";
import type { Runner } from "../proc/command.ts";
import { unzstd } from "./unzstd.ts";

const PIECE = 1 << 20;
/** xz's largest preset needs 65 MiB; a file may ask for 4 GiB (xz(1), busybox knows no limit). */
const XZ_MEMORY = { XZ_DEFAULTS: "--memlimit-decompress=256MiB" };

/** What the program xz is run with. */
export interface XzPorts {
  readonly runner: Runner;
  readonly signal: AbortSignal;
}

/**
 * The bytes of a compressed stream, in order; as they are where it is not compressed.
 *
 * @param path for messages
 * @throws {TowerError} `malformed` or an error of zlib (`Z_…`) when it is damaged or not whole, `tool`
 * where there is no xz, `limit` when it needs more memory than an image does.
 */
export function decompressed(
  chunks: AsyncIterable<Uint8Array>,
  compression: "gzip" | "zstd" | "xz" | undefined,
  path: string,
  ports: XzPorts,
): AsyncIterable<Uint8Array> {
  switch (compression) {
    case "gzip":
      return gunzip(chunks);
    case "zstd":
      return unzstd(chunks);
    case "xz":
      return unxz(chunks, path, ports);
    case undefined:
      return chunks;
  }
}

async function* gunzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = createGunzip({ chunkSize: PIECE });
  // An error comes out of the iteration as well; without a listener it would end the program.
  decoder.on("error", () => {});
  decoder.setMaxListeners(0);
  const feeding = feed(chunks, decoder);
  try {
    for await (const bytes of decoder) yield bytes as Uint8Array;
  } finally {
    decoder.destroy();
    await feeding;
  }
}

/** Gives a decoder its input as fast as it takes it; stops when the decoder has ended. */
async function feed(
  chunks: AsyncIterable<Uint8Array>,
  decoder: ReturnType<typeof createGunzip>,
): Promise<void> {
  try {
    for await (const bytes of chunks) {
      if (decoder.destroyed) return;
      if (decoder.write(bytes)) continue;
      await new Promise<void>((resolve) => {
        decoder.once("drain", resolve);
        decoder.once("close", resolve);
      });
    }
    decoder.end();
  } catch (error) {
    decoder.destroy(error as Error);
  }
}

/** xz is not built in anywhere, and its libraries would weigh more than the program. */
async function* unxz(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  { runner, signal }: XzPorts,
): AsyncGenerator<Uint8Array> {
  // busybox has both and none of their long options.
  const program = ["xz", "unxz"].find((name) => runner.which(name) !== undefined);
  if (program === undefined) {
    throw new TowerError("tool", `Cannot decompress "${path}": there is no program "xz"`, {
      hint: "Debian: apt-get install xz-utils; Alpine: apk add xz",
    });
  }
  await using child = runner.spawn({
    argv: [program, "-d", "-c"],
    variables: XZ_MEMORY,
  }, { signal });
  const feeding = pour(chunks, child.stdin);
  feeding.catch(() => {}); // awaited below, unless the reader leaves before
  const message = new Response(child.stderr as ReadableStream<Uint8Array<ArrayBuffer>>).text();
  for await (const bytes of child.stdout) yield bytes;
  await feeding;
  const ending = await child.ended;
  if (ending.kind === "exited" && ending.code === 0) return;
  signal.throwIfAborted();
  throw new TowerError("malformed", (await message).trim().slice(0, 1000) || `${program} failed`);
}

/** Gives a program its input. One that ends before it has read all tells so by its ending. */
async function pour(
  chunks: AsyncIterable<Uint8Array>,
  into: WritableStream<Uint8Array>,
): Promise<void> {
  const writer = into.getWriter();
  try {
    for await (const bytes of chunks) await writer.write(bytes);
    await writer.close();
  } catch (error) {
    // A writer that failed is of no use any more.
    await writer.abort(error).catch(() => {});
    if (error instanceof TowerError) throw error;
  }
}
