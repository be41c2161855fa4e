/** Bytes of a logical sector and block of ISO 9660 (ECMA-119 §6.1.2, §6.2.2). */
export const ISO_SECTOR = 2048;
/** Sectors before the first volume descriptor: the system area (§6.2.1). */
export const SYSTEM_SECTORS = 16;

/** Sectors that bytes take. */
export function sectorsOf(bytes: number): number {
  return Math.ceil(bytes / ISO_SECTOR);
}

/** Writes a 32-bit number in both byte orders, least significant byte first (§7.3.3). */
export function setBoth32(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true);
  view.setUint32(at + 4, value);
}

/** Writes a 16-bit number in both byte orders (§7.2.3). */
export function setBoth16(view: DataView, at: number, value: number): void {
  view.setUint16(at, value, true);
  view.setUint16(at + 2, value);
}
