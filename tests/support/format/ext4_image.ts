/** ext4 images in files, for the judges and the bench of the ext4 writer. */
import type { Digest } from "../../../lib/brand.ts";
import type { ByteSource } from "../../../lib/bytes/bytes.ts";
import { type Ext4Layout, type Ext4Options, planExt4 } from "../../../lib/format/ext4/plan.ts";
import { writeExt4 } from "../../../lib/format/ext4/writer.ts";
import type { ContentReader } from "../../../lib/tree/entry.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { fileSink } from "../program/file_sink.ts";

export const EPOCH = 1_700_000_000;

export const OPTIONS: Ext4Options = {
  uuid: "11111111-2222-4333-8444-555555555555",
  hashSeed: "66666666-7777-4888-9999-aaaaaaaaaaaa",
  label: "tower-root",
  epoch: EPOCH,
  freeBytes: 0,
};

/** A blob's name for tests, out of one digit. */
export function blobName(digit: string): Digest {
  return `sha256:${digit.repeat(64)}` as Digest;
}

/** Opens any source under its name. */
export function sources(blobs: Readonly<Record<Digest, ByteSource>>): ContentReader {
  return {
    open(blob) {
      const source = blobs[blob];
      if (!source) throw new Error(`no blob ${blob}`);
      return source;
    },
  };
}

/** A source of zeros that costs nothing to read into memory that is zero already. */
export function zeroSource(size: number): ByteSource {
  return {
    size,
    readAt: (offset, into) => Math.max(0, Math.min(into.length, size - offset)),
  };
}

/** A source in which every 32-bit word tells its own place. */
export function countingSource(size: number): ByteSource {
  return {
    size,
    readAt(offset, into) {
      const n = Math.max(0, Math.min(into.length, size - offset));
      for (let i = 0; i < n; i++) {
        const at = offset + i;
        into[i] = (at >>> 2) >>> (8 * (at & 3));
      }
      return n;
    },
  };
}

/** A tree with nothing but its root. */
export function emptyTree(): FileTree {
  return new FileTree({ mode: 0o755, uid: 0, gid: 0, mtime: EPOCH, origin: "stage:test" });
}

/** Plans and writes an image file. */
export async function makeImage(
  path: string,
  tree: FileTree,
  options: Partial<Ext4Options> = {},
  reader: ContentReader = sources({}),
): Promise<Ext4Layout> {
  const layout = planExt4(tree, { ...OPTIONS, ...options });
  using sink = fileSink(path, layout.size);
  await writeExt4(layout, reader, sink);
  return layout;
}
