import { SLOT_A_PROGRAM, slotBootFiles } from "../boot/slot_entries.ts";
import { type ByteSource, memorySink } from "../bytes/bytes.ts";
import type { Digest } from "../brand.ts";
import { clusterSector, planFat } from "../format/fat/layout.ts";
import { writeFat } from "../format/fat/writer.ts";
import type { Content } from "../tree/entry.ts";
import { FileTree } from "../tree/file_tree.ts";

const SECTOR = 512;
const [LOADER, PROGRAM] = ["loader" as Digest, "program" as Digest];

/** What the boot partition is made of. */
export interface BootParts {
  /** systemd-boot. */
  readonly loader: ByteSource;
  /** The unified kernel image of slot A. */
  readonly program: ByteSource;
  /** What a boot menu shows. */
  readonly title: string;
}

/** Of the partition that it is in. */
export interface BootPlace {
  readonly start: number;
  readonly size: number;
  readonly volumeId: number;
  /** Seconds since 1970, of all its files. */
  readonly epoch: number;
}

/**
 * The bytes of an EFI system partition by which systemd-boot starts slot A, up to the last that is used.
 * @throws {TowerError} `no-space`
 */
export async function bootVolume(parts: BootParts, place: BootPlace): Promise<Uint8Array> {
  const owned = { uid: 0, gid: 0, mtime: place.epoch, origin: "stage:setup" } as const;
  const tree = new FileTree({ ...owned, mode: 0o755 });
  const put = (path: string, content: Content) => {
    tree.putParents(path, "stage:setup", place.epoch);
    tree.put({ ...owned, type: "file", path, mode: 0o755, content });
  };
  const whole = (blob: Digest, { size }: ByteSource): Content => ({
    ...{ kind: "span", blob, offset: 0, size, sha256: undefined },
  });
  const { title } = parts;
  const files = slotBootFiles(whole(LOADER, parts.loader), "x86_64", { title, enrols: false });
  for (const [path, content] of files) put(path, content);
  put(SLOT_A_PROGRAM, whole(PROGRAM, parts.program));
  const layout = planFat(tree, {
    ...{ label: "ESP", volumeId: place.volumeId, epoch: place.epoch, size: place.size },
    ...{ freeBytes: 0, minimumType: "fat32", hiddenSectors: place.start / SECTOR },
    systemFiles: new Set(),
  });
  const used = memorySink(clusterSector(layout.geometry, layout.nextCluster) * SECTOR);
  const reader = { open: (blob: Digest) => blob === LOADER ? parts.loader : parts.program };
  await writeFat(layout, reader, used);
  return used.bytes;
}
