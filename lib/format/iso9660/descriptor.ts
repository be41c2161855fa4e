import { longDate, NO_LONG_DATE, shortDate } from "./date.ts";
import { encodeRecord, type Extent, RECORD_FLAG, SELF } from "./directory_record.ts";
import { ISO_SECTOR, setBoth16, setBoth32 } from "./sector.ts";

/** Types of volume descriptors (ECMA-119 §8.1.1). */
export const DESCRIPTOR = { bootRecord: 0, primary: 1, supplementary: 2, terminator: 255 } as const;
/** What every volume descriptor has behind its type (§8.1.2). */
export const STANDARD_ID = "CD001";

/** Where the fields of the primary descriptor are (§8.4), those that a reader looks at too. */
export const PRIMARY = { label: 40, blockSize: 128, root: 156 } as const;
export const ROOT_RECORD_SIZE = 34;

/** What the primary descriptor says. */
export interface PrimaryVolume {
  readonly label: string;
  /** Of the whole volume. */
  readonly sectors: number;
  readonly pathTable: { readonly size: number; readonly little: number; readonly big: number };
  readonly root: Extent;
  readonly rootTime: number;
  /** Seconds since 1970. */
  readonly epoch: number;
}

function descriptor(type: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(ISO_SECTOR);
  bytes[0] = type;
  ascii(bytes, 1, STANDARD_ID);
  bytes[6] = 1;
  return { bytes, view: new DataView(bytes.buffer) };
}

/** Sector 16. */
export function encodePrimary(volume: PrimaryVolume): Uint8Array {
  const { bytes, view } = descriptor(DESCRIPTOR.primary);
  ascii(bytes, 8, "LINUX".padEnd(32));
  ascii(bytes, PRIMARY.label, volume.label.padEnd(32));
  setBoth32(view, 80, volume.sectors);
  setBoth16(view, 120, 1); // volumes of the set, and which one this is
  setBoth16(view, 124, 1);
  setBoth16(view, PRIMARY.blockSize, ISO_SECTOR);
  setBoth32(view, 132, volume.pathTable.size);
  view.setUint32(140, volume.pathTable.little, true);
  view.setUint32(148, volume.pathTable.big);
  encodeRecord(bytes.subarray(PRIMARY.root, PRIMARY.root + ROOT_RECORD_SIZE), {
    id: SELF,
    extent: volume.root,
    flags: RECORD_FLAG.directory,
    date: shortDate(volume.rootTime),
    entries: [],
  });
  // Set, publisher, preparer, application and three names of files: none.
  ascii(bytes, 190, " ".repeat(623));
  const date = longDate(volume.epoch);
  bytes.set(date, 813); // created
  bytes.set(date, 830); // changed
  bytes.set(NO_LONG_DATE, 847); // expires
  bytes.set(NO_LONG_DATE, 864); // takes effect
  bytes[881] = 1;
  return bytes;
}

/** The boot record of El Torito (§2.0), which has to be in sector 17. */
export function encodeBootRecord(catalogue: number): Uint8Array {
  const { bytes, view } = descriptor(DESCRIPTOR.bootRecord);
  ascii(bytes, 7, "EL TORITO SPECIFICATION");
  view.setUint32(0x47, catalogue, true);
  return bytes;
}

/** The last descriptor (§8.3). */
export function encodeTerminator(): Uint8Array {
  return descriptor(DESCRIPTOR.terminator).bytes;
}

function ascii(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}
