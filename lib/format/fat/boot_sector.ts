import { SECTOR, TABLES } from "./geometry.ts";
import type { FatLayout } from "./layout.ts";

/** Sector of FAT32's FSInfo and of the boot sector's copy, as format programs place them. */
export const FSINFO_SECTOR = 1;
export const BACKUP_SECTOR = 6;

/** Media byte of a fixed disk; also the low byte of the table's first entry. */
export const MEDIA = 0xf8;

const FSINFO_LEAD = 0x41615252;
const FSINFO_BODY = 0x61417272;

/** INT 18h ("no bootable disk"), then halt for ever: what a BIOS runs when no loader was put in. */
const NO_LOADER = [0xcd, 0x18, 0xf4, 0xeb, 0xfd];

/** The volume's first sector: the parameter block and no boot code (FAT specification, §3). */
export function encodeBootSector(layout: FatLayout): Uint8Array {
  const { geometry, options } = layout;
  const wide = geometry.type === "fat32";
  const bytes = new Uint8Array(SECTOR);
  const view = new DataView(bytes.buffer);
  const code = wide ? 90 : 62;
  bytes.set([0xeb, code - 2, 0x90]);
  // The name that the specification recommends, because some drivers look at it.
  ascii(bytes, 3, "MSWIN4.1");
  view.setUint16(11, SECTOR, true);
  bytes[13] = geometry.sectorsPerCluster;
  view.setUint16(14, geometry.reservedSectors, true);
  bytes[16] = TABLES;
  view.setUint16(17, geometry.rootSlots, true);
  const narrowCount = !wide && geometry.sectors < 0x10000;
  view.setUint16(19, narrowCount ? geometry.sectors : 0, true);
  bytes[21] = MEDIA;
  view.setUint16(22, wide ? 0 : geometry.tableSectors, true);
  view.setUint16(24, 63, true); // sectors per track and heads as BIOSes pretend for large disks
  view.setUint16(26, 255, true);
  view.setUint32(28, options.hiddenSectors, true);
  view.setUint32(32, narrowCount ? 0 : geometry.sectors, true);
  if (wide) {
    view.setUint32(36, geometry.tableSectors, true);
    view.setUint32(44, 2, true); // cluster of the root
    view.setUint16(48, FSINFO_SECTOR, true);
    view.setUint16(50, BACKUP_SECTOR, true);
  }
  encodeIdentity(bytes, layout, wide ? 64 : 36);
  bytes.set(NO_LOADER, code);
  view.setUint16(510, 0xaa55, true);
  return bytes;
}

function encodeIdentity(bytes: Uint8Array, { geometry, options }: FatLayout, at: number): void {
  bytes[at] = 0x80; // BIOS number of the first hard disk
  bytes[at + 2] = 0x29; // the next three fields are there
  new DataView(bytes.buffer).setUint32(at + 3, options.volumeId, true);
  ascii(bytes, at + 7, options.label.padEnd(11));
  ascii(bytes, at + 18, geometry.type.toUpperCase().padEnd(8));
}

/** FAT32's FSInfo sector: how many clusters are free and where to look for one (§5). */
export function encodeFsInfo(layout: FatLayout): Uint8Array {
  const bytes = new Uint8Array(SECTOR);
  const view = new DataView(bytes.buffer);
  const used = layout.nextCluster - 2;
  view.setUint32(0, FSINFO_LEAD, true);
  view.setUint32(484, FSINFO_BODY, true);
  view.setUint32(488, layout.geometry.clusters - used, true);
  view.setUint32(492, Math.min(layout.nextCluster, layout.geometry.clusters + 1), true);
  view.setUint16(510, 0xaa55, true);
  return bytes;
}

function ascii(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}
