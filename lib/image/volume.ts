import { type Breathe, inBreaths } from "../breathe.ts";
import type { Digest } from "../brand.ts";
import { type ByteSource, readExactly } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { readExt4 } from "../format/ext4/reader.ts";
import { isExt4 } from "../format/ext4/superblock_reader.ts";
import { isFat } from "../format/fat/boot_record.ts";
import { readFat } from "../format/fat/reader.ts";
import { isIso } from "../format/iso9660/volume.ts";
import { readIso } from "../format/iso9660/reader.ts";
import { readSquashfs, SQUASHFS_LIMITS } from "../format/squashfs/reader.ts";
import { isSquashfs } from "../format/squashfs/superblock.ts";
import type { ContentReader } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { readCpioTree, readTarTree, type Unpack } from "./archive_tree.ts";

/** What holds files: a file system, or an archive. */
export interface Volume {
  readonly format: VolumeFormat;
  /** "" where it has none. */
  readonly label: string;
  readonly tree: FileTree;
  readonly contents: ContentReader;
}

/** What volumes are read with. */
export interface VolumePorts {
  readonly unpack: Unpack;
  readonly breathe: Breathe;
  /** Told of what is damaged and can be read all the same. */
  readonly warn: (message: string) => void;
}

/** What contents are ranges of: nobody looks at it but who opens them. */
const NAME = "image" as Digest;

type Read = (source: ByteSource, ports: VolumePorts) => Promise<Omit<Volume, "format">>;

interface Format {
  readonly is: (source: ByteSource) => boolean;
  readonly read: Read;
}

/** In the order in which they are tried: FAT, which has no magic, comes last. */
const FORMATS = {
  squashfs: {
    is: isSquashfs,
    async read(source, { breathe }) {
      return { label: "", ...await readSquashfs(source, NAME, SQUASHFS_LIMITS, breathe) };
    },
  },
  iso9660: {
    is: isIso,
    async read(source, { breathe }) {
      const contents = { open: () => source };
      return { contents, ...await inBreaths(readIso(source, NAME), breathe) };
    },
  },
  ext4: {
    is: isExt4,
    read: (source, { breathe }) => inBreaths(readExt4(source, NAME), breathe),
  },
  cpio: {
    is: (source) => startsWith(source, 0, "07070"),
    async read(source, { unpack, breathe }) {
      return { label: "", ...await readCpioTree(source, NAME, unpack, breathe) };
    },
  },
  tar: {
    is: (source) => startsWith(source, 257, "ustar"),
    async read(source, { breathe }) {
      return { label: "", ...await readTarTree(source, NAME, breathe) };
    },
  },
  fat: { is: isFat, read: (source, { breathe }) => inBreaths(readFat(source, NAME), breathe) },
} as const satisfies Readonly<Record<string, Format>>;

/** Formats of volumes that are read. */
export type VolumeFormat = keyof typeof FORMATS;
export const VOLUME_FORMATS = Object.keys(FORMATS) as VolumeFormat[];

/** The format of a volume, by its bytes alone; undefined for what is none that is read here. */
export function volumeFormat(source: ByteSource): VolumeFormat | undefined {
  return VOLUME_FORMATS.find((format) => FORMATS[format].is(source));
}

/**
 * Reads a volume's tree; contents are read when they are opened.
 * @throws {TowerError} `unsupported` for a format that is not read here, and as its reader does
 */
export async function readVolume(source: ByteSource, ports: VolumePorts): Promise<Volume> {
  const format = volumeFormat(source);
  if (format === undefined) {
    throw new TowerError("unsupported", "Cannot read the image: nothing in it is known here", {
      hint: `what is read: disks by GPT or MBR, ${VOLUME_FORMATS.join(", ")}, ` +
        "and any of these by gzip, zstd or xz",
    });
  }
  try {
    const { label, tree, contents } = await FORMATS[format].read(source, ports);
    return { format, label, tree, contents };
  } catch (error) {
    // A source that ends is a reader's mistake: it was asked for no more than its size.
    if (!(error instanceof RangeError)) throw error;
    const message = `Cannot read the ${format} volume: it ends too early`;
    throw new TowerError("malformed", message, { cause: error });
  }
}

function startsWith(source: ByteSource, at: number, text: string): boolean {
  if (source.size < at + text.length) return false;
  return new TextDecoder("latin1").decode(readExactly(source, at, text.length)) === text;
}
