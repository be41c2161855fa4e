import { type Extent, RECORD_FLAG } from "./directory_record.ts";
import { malformed, unsupported } from "./iso_error.ts";
import { ISO_SECTOR } from "./sector.ts";

/** A record of a directory as it stands there (ECMA-119 §9.1). */
export interface RawRecord {
  /** As Latin-1: the bytes 0 and 1 name a directory itself and its parent. */
  readonly id: string;
  readonly extent: Extent;
  readonly isDirectory: boolean;
  /** Whether the next record is of the same file. */
  readonly goesOn: boolean;
  /** Seven bytes. */
  readonly date: Uint8Array;
  readonly systemUse: Uint8Array;
}

/** Bytes of a record with an identifier of one byte: the least. */
const SHORTEST = 34;

/** The records of a directory, in order. @throws {TowerError} `malformed`, `unsupported` */
export function* parseDirectory(bytes: Uint8Array): Generator<RawRecord> {
  for (let at = 0; at < bytes.length;) {
    const length = bytes[at]!;
    if (length === 0) {
      at += ISO_SECTOR - at % ISO_SECTOR;
      continue;
    }
    if (length < SHORTEST || at % ISO_SECTOR + length > ISO_SECTOR || at + length > bytes.length) {
      throw malformed("a record of a directory has a wrong length");
    }
    yield parseRecord(bytes.subarray(at, at + length));
    at += length;
  }
}

/**
 * Reads one record.
 * @param bytes those of the record, 34 at least
 * @throws {TowerError} `malformed`; `unsupported` for a file in pieces with gaps, and for one with an
 * attribute record in front.
 */
export function parseRecord(bytes: Uint8Array): RawRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const idLength = bytes[32]!;
  const end = 33 + idLength;
  if (idLength === 0 || end > bytes.length) throw malformed("a record has a wrong identifier");
  if (bytes[1] !== 0) throw unsupported("a file has an extended attribute record");
  if (bytes[26] !== 0 || bytes[27] !== 0) throw unsupported("a file is interleaved");
  const flags = bytes[25]!;
  return {
    id: new TextDecoder("latin1").decode(bytes.subarray(33, end)),
    extent: { sector: view.getUint32(2, true), size: view.getUint32(10, true) },
    isDirectory: (flags & RECORD_FLAG.directory) !== 0,
    goesOn: (flags & RECORD_FLAG.goesOn) !== 0,
    date: bytes.subarray(18, 25),
    systemUse: bytes.subarray(end + (idLength % 2 === 0 ? 1 : 0)),
  };
}
