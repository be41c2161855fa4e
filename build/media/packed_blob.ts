import type { Runner } from "../../lib/proc/command.ts";
import type { Compression } from "../../lib/release/file_names.ts";
import type { BlobWriter, ContentStore } from "../../lib/store/ports.ts";
import { wholeBlob } from "../../lib/tree/content.ts";
import type { Content } from "../../lib/tree/entry.ts";
import { openPacker } from "./packing.ts";

const CHUNK = 1 << 20;

/**
 * Makes a blob of the store, whole or not at all: `write` makes its bytes, in any order; they are
 * compressed behind that.
 */
export async function packedBlob(
  compression: Compression | "none",
  write: (bytes: BlobWriter) => void | Promise<void>,
  { store, ...means }: {
    readonly store: Pick<ContentStore, "writer">;
    readonly runner: Runner;
    readonly jobs: number;
  },
): Promise<Content> {
  const raw = store.writer();
  try {
    await write(raw);
    if (compression === "none") return wholeBlob(raw.commit());
    const packed = store.writer();
    try {
      await using packer = await openPacker(compression, (bytes) => packed.write(bytes), means);
      const chunk = new Uint8Array(CHUNK);
      for (let at = 0, n; (n = raw.readAt(at, chunk)) > 0; at += n) {
        await packer.push(chunk.subarray(0, n));
      }
      await packer.end();
      return wholeBlob(packed.commit());
    } finally {
      packed.discard();
    }
  } finally {
    raw.discard();
  }
}
