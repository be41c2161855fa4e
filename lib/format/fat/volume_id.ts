import { type ByteSink, type ByteSource, readExactly } from "../../bytes/bytes.ts";
import { BACKUP_SECTOR } from "./boot_sector.ts";
import { SECTOR } from "./geometry.ts";
import { readVolume } from "./volume.ts";

/** Where the number of 32 bits stands in a boot sector, behind the mark that says it is there (§3). */
const AT = { fat12: 39, fat16: 39, fat32: 67 } as const;
const MARK = 0x29;

/**
 * Gives a FAT volume another number, which Linux shows as UUID `XXXX-XXXX`, in the boot sector and in
 * FAT32's copy of it.
 *
 * @throws {TowerError} `malformed` for what is no such volume.
 */
export function setVolumeId(volume: ByteSource & ByteSink, id: number): void {
  const { type } = readVolume(volume).geometry;
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, id, true);
  for (const sector of type === "fat32" ? [0, BACKUP_SECTOR] : [0]) {
    const at = sector * SECTOR + AT[type];
    if (readExactly(volume, at - 1, 1)[0] === MARK) volume.writeAt(at, bytes);
  }
}
