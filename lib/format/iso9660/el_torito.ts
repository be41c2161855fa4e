import { ISO_SECTOR, SYSTEM_SECTORS } from "./sector.ts";

const ENTRY = 32;
const PLATFORM = { bios: 0, efi: 0xef } as const;
const BOOTABLE = 0x88;
/** Sectors of 512 bytes that a BIOS loads of isolinux.bin; that loads the rest of itself. */
const LOADED = 4;

/** Where what a firmware starts lies, in sectors of the medium. */
export interface BootImages {
  readonly bios: number | undefined;
  readonly esp: number | undefined;
}

/** The boot catalogue (El Torito 1.0, §2.1 to §2.4): a BIOS takes the first entry. */
export function encodeCatalogue({ bios, esp }: BootImages): Uint8Array {
  const bytes = new Uint8Array(ISO_SECTOR);
  const view = new DataView(bytes.buffer);
  const only = bios === undefined ? PLATFORM.efi : PLATFORM.bios;
  bytes.set([1, only]);
  view.setUint16(30, 0xaa55, true);
  let sum = 0;
  for (let at = 0; at < ENTRY; at += 2) sum += view.getUint16(at, true);
  view.setUint16(28, -sum & 0xffff, true);
  let at = ENTRY;
  const image = (sector: number, count: number) => {
    bytes[at] = BOOTABLE;
    view.setUint16(at + 6, count, true);
    view.setUint32(at + 8, sector, true);
    at += ENTRY;
  };
  if (bios !== undefined) image(bios, LOADED);
  if (esp === undefined) return bytes;
  if (bios !== undefined) {
    bytes.set([0x91, PLATFORM.efi, 1], at); // the last section, of one entry
    at += ENTRY;
  }
  // 16 bits cannot count the sectors of most partitions; firmware asks the file system in it.
  image(esp, 0);
  return bytes;
}

/** Where the table stands in isolinux.bin, and how much room it has. */
export const BOOT_INFO = { offset: 8, size: 56 } as const;

/**
 * What isolinux.bin has to be told (mkisofs, -boot-info-table): where the volume is described, where
 * it lies itself, how long it is, and the sum of its words behind the table.
 */
export function bootInfoTable(loader: Uint8Array, sector: number): Uint8Array {
  const bytes = new Uint8Array(BOOT_INFO.size);
  const view = new DataView(bytes.buffer);
  const padded = new Uint8Array(Math.ceil(loader.length / 4) * 4);
  padded.set(loader);
  const words = new DataView(padded.buffer);
  let sum = 0;
  for (let at = BOOT_INFO.offset + BOOT_INFO.size; at < padded.length; at += 4) {
    sum = sum + words.getUint32(at, true) >>> 0;
  }
  [SYSTEM_SECTORS, sector, loader.length, sum].forEach((value, i) => {
    view.setUint32(4 * i, value, true);
  });
  return bytes;
}
