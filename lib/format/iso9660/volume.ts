import { type ByteSource, readExactly } from "../../bytes/bytes.ts";
import { DESCRIPTOR, PRIMARY, ROOT_RECORD_SIZE, STANDARD_ID } from "./descriptor.ts";
import { malformed, unsupported } from "./iso_error.ts";
import { parseRecord, type RawRecord } from "./raw_record.ts";
import { ISO_SECTOR, SYSTEM_SECTORS } from "./sector.ts";

/** Descriptors that are looked through for the primary one. */
const MOST_DESCRIPTORS = 32;

/** What a medium says of itself. */
export interface IsoVolume {
  /** Without the blanks at its end; printable ASCII. */
  readonly label: string;
  readonly root: RawRecord;
}

/** Whether a medium has a descriptor of ISO 9660 where the first one is. */
export function isIso(source: ByteSource): boolean {
  const at = SYSTEM_SECTORS * ISO_SECTOR + 1;
  return at + 5 <= source.size && latin1(readExactly(source, at, 5)) === STANDARD_ID;
}

/**
 * Reads the primary volume descriptor of a medium (ECMA-119 §8.4).
 * @throws {TowerError} `malformed` for what has none, `unsupported` for other sectors than of 2048
 * bytes.
 */
export function readVolume(source: ByteSource): IsoVolume {
  for (let i = 0; i < MOST_DESCRIPTORS; i++) {
    const at = (SYSTEM_SECTORS + i) * ISO_SECTOR;
    if (at + ISO_SECTOR > source.size) break;
    const bytes = readExactly(source, at, ISO_SECTOR);
    if (latin1(bytes.subarray(1, 6)) !== STANDARD_ID) break;
    if (bytes[0] === DESCRIPTOR.terminator) break;
    if (bytes[0] === DESCRIPTOR.primary) return primaryVolume(bytes);
  }
  throw malformed("it has no primary volume descriptor");
}

function primaryVolume(bytes: Uint8Array): IsoVolume {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint16(PRIMARY.blockSize, true) !== ISO_SECTOR) {
    throw unsupported(`its blocks are not of ${ISO_SECTOR} bytes`);
  }
  const label = latin1(bytes.subarray(PRIMARY.label, PRIMARY.label + 32));
  return {
    label: label.replace(/[^ -~]/g, "?").trimEnd(),
    root: parseRecord(bytes.subarray(PRIMARY.root, PRIMARY.root + ROOT_RECORD_SIZE)),
  };
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
