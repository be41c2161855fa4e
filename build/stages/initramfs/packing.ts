import { TowerError } from "../../../lib/errors.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { cpioPieces } from "../../../lib/format/cpio.ts";
import { type GzipLevel, GzipWriter } from "../../../lib/format/gzip.ts";
import { openZstd } from "../../../lib/format/zstd.ts";
import { bytesOf } from "../../../lib/tree/content.ts";
import type { ContentReader } from "../../../lib/tree/entry.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import type { StageContext } from "../stage.ts";

/** How an initramfs is compressed. */
export type Packing =
  | { readonly compression: "none" }
  | { readonly compression: "gzip" | "zstd"; readonly level: number };

/** What a plan says of it, and the release of the kernel of its flavour. */
export interface PackingWish {
  readonly flavour: string;
  readonly release: string;
  readonly compression?: Packing["compression"] | undefined;
  readonly level?: number | undefined;
}

/** zstd at 3 makes it smaller than gzip at 6, ten times as fast, and the kernel unpacks it faster. */
const LEVELS = { zstd: 3, gzip: 6 } as const;
/** A kernel passes over zeros behind an archive; whole blocks let any build of libzstd do it. */
const ALIGNMENT = 128 << 10;

/**
 * The packing that a plan asks for, else the best that the kernel says it can unpack.
 *
 * @throws {TowerError} `unsupported` for zstd where the kernel's configuration is without it.
 */
export function packingFor(
  tree: FileTree,
  reader: ContentReader,
  { flavour, release, compression, level }: PackingWish,
): Packing {
  const takesZstd = kernelTakesZstd(tree, reader, { flavour, release });
  if (compression === "zstd" && takesZstd === false) {
    throw new TowerError(
      "unsupported",
      `Cannot compress the initramfs with zstd: kernel "${flavour}" cannot unpack it ` +
        "(CONFIG_RD_ZSTD)",
      { hint: "leave compression out, or take gzip" },
    );
  }
  const chosen = compression ?? (takesZstd ? "zstd" : "gzip");
  if (chosen === "none") return { compression: chosen };
  return { compression: chosen, level: level ?? LEVELS[chosen] };
}

/** What the kernel's own configuration says, undefined where none lies in /boot. */
function kernelTakesZstd(
  tree: FileTree,
  reader: ContentReader,
  { flavour, release }: Pick<PackingWish, "flavour" | "release">,
): boolean | undefined {
  const file = tree.file(`boot/config-${release}`) ?? tree.file(`boot/config-${flavour}`);
  if (!file) return undefined;
  const text = new TextDecoder("latin1").decode(bytesOf(reader, file.content));
  return /^CONFIG_RD_ZSTD=y$/m.test(text);
}

/** Writes a tree as cpio, packed in a way that kernels unpack. */
export async function packInitramfs(
  tree: FileTree,
  reader: ContentReader,
  file: { write(bytes: Uint8Array): void },
  packing: Packing,
  { zstd, breathe }: Pick<StageContext, "zstd" | "breathe">,
): Promise<void> {
  const write = async (push: (bytes: Uint8Array) => void) => {
    for (const piece of cpioPieces(tree, reader)) {
      push(piece);
      await breathe();
    }
  };
  switch (packing.compression) {
    case "none":
      await write((bytes) => file.write(bytes));
      break;
    case "gzip": {
      const gzip = new GzipWriter(packing.level as GzipLevel, (bytes) => file.write(bytes));
      await write((bytes) => gzip.write(bytes));
      gzip.end();
      break;
    }
    case "zstd":
      // One frame: the kernel's decompressor stops behind the first (lib/decompress_unzstd.c).
      file.write(await openZstd(zstd, packing.level)(await aligned(write)));
  }
}

async function aligned(
  write: (push: (bytes: Uint8Array) => void) => Promise<void>,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  await write((bytes) => {
    parts.push(bytes.slice());
    size += bytes.length;
  });
  return concat([...parts, new Uint8Array(-size & (ALIGNMENT - 1))]);
}
