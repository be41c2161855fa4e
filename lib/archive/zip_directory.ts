import { type ByteSource, readExactly } from "../bytes/bytes.ts";
import type { Breathe } from "../breathe.ts";
import { TowerError } from "../errors.ts";
import { shownName } from "./shown_name.ts";

/** Signatures of ZIP (APPNOTE.TXT 6.3.10), little endian. */
const LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50;
const LOCAL_SIZE = 30, CENTRAL_SIZE = 46, END_SIZE = 22;
/** Most bytes of the comment behind the end record. */
const MAX_COMMENT = 0xffff;
/** PATH_MAX of Linux. */
const MAX_NAME = 4096;
/** Bits of the flags: encrypted, patch data, strongly encrypted, masked headers (4.4.4). */
const UNREADABLE = 0x0001 | 0x0020 | 0x0040 | 0x2000;
const UNIX = 3;
/** Most bytes of the directory, which is held in memory: 65,534 entries of 500 bytes have less. */
const MAX_DIRECTORY = 32 << 20;

/** A file of a ZIP archive, as the central directory lists it and its own header agrees. */
export interface ZipMember {
  /** As it stands there; a folder's ends with a slash. */
  readonly name: string;
  readonly method: "stored" | "deflated";
  readonly crc: number;
  /** Bytes in the archive, and what they become. */
  readonly packed: number;
  readonly size: number;
  /** Where the bytes start in the archive. */
  readonly offset: number;
  /** The file's type and permissions where a Unix wrote them (inode(7)). */
  readonly unixMode: number | undefined;
}

/**
 * Reads the central directory of a ZIP archive. Strict where readers disagree: the directory ends
 * where the end record begins, each file's own header says the same, and no two share a byte (a
 * small archive could else become endless ones).
 *
 * @throws {TowerError} `malformed`, `limit`, or `unsupported` for ZIP64, several volumes, encryption
 * and methods other than stored and deflated.
 */
export async function readZipDirectory(
  source: ByteSource,
  limits: { readonly entries: number },
  breathe: Breathe,
): Promise<readonly ZipMember[]> {
  const end = endOf(source);
  if (end.count > limits.entries) {
    const what = `it has more than ${limits.entries} entries`;
    throw new TowerError("limit", `Cannot read zip archive: ${what}`);
  }
  if (end.size > MAX_DIRECTORY) {
    const what = `its directory has more than ${MAX_DIRECTORY} bytes`;
    throw new TowerError("limit", `Cannot read zip archive: ${what}`);
  }
  const bytes = readExactly(source, end.start, end.size);
  const members: ZipMember[] = [];
  let at = 0;
  for (let i = 0; i < end.count; i++) {
    const { member, length } = centralAt(bytes, at, source, end.start);
    members.push(member);
    at += length;
    await breathe();
  }
  if (at !== bytes.length) throw malformed("its directory has another length than its entries");
  requireApart(members);
  return members;
}

function endOf(source: ByteSource): { count: number; size: number; start: number } {
  const length = Math.min(source.size, END_SIZE + MAX_COMMENT);
  const from = source.size - length;
  const tail = readExactly(source, from, length);
  const view = viewOf(tail);
  for (let at = length - END_SIZE; at >= 0; at--) {
    if (view.getUint32(at, true) !== END) continue;
    if (at + END_SIZE + view.getUint16(at + 20, true) !== length) continue;
    const [disk, first] = [view.getUint16(at + 4, true), view.getUint16(at + 6, true)];
    const [here, count] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const [size, start] = [view.getUint32(at + 12, true), view.getUint32(at + 16, true)];
    if (count === 0xffff || size === 0xffffffff || start === 0xffffffff) throw unsupported("ZIP64");
    if (disk !== 0 || first !== 0 || here !== count) throw unsupported("several volumes");
    if (start + size !== from + at) throw malformed("its directory is not where its end says");
    return { count, size, start };
  }
  throw malformed("it has no end record");
}

function centralAt(
  bytes: Uint8Array,
  at: number,
  source: ByteSource,
  most: number,
): { member: ZipMember; length: number } {
  const view = viewOf(bytes);
  if (at + CENTRAL_SIZE > bytes.length || view.getUint32(at, true) !== CENTRAL) {
    throw malformed("an entry of its directory is broken off");
  }
  const u16 = (offset: number) => view.getUint16(at + offset, true);
  const u32 = (offset: number) => view.getUint32(at + offset, true);
  const [nameLength, extraLength, commentLength] = [u16(28), u16(30), u16(32)];
  const length = CENTRAL_SIZE + nameLength + extraLength + commentLength;
  if (at + length > bytes.length) throw malformed("an entry of its directory is broken off");
  const rawName = bytes.subarray(at + CENTRAL_SIZE, at + CENTRAL_SIZE + nameLength);
  const name = nameOf(rawName);
  const [flags, method, packed, size, header] = [u16(8), u16(10), u32(20), u32(24), u32(42)];
  if (flags & UNREADABLE) throw unsupported(`"${shownName(name)}" is encrypted`);
  if (method !== 0 && method !== 8) {
    throw unsupported(`"${shownName(name)}" is compressed by method ${method}`);
  }
  if ([packed, size, header].includes(0xffffffff)) {
    throw unsupported(`"${shownName(name)}" needs ZIP64`);
  }
  if (u16(34) !== 0) throw unsupported(`"${shownName(name)}" is in another volume`);
  if (method === 0 && packed !== size) {
    throw malformed(`"${shownName(name)}" is stored in another size`);
  }
  const offset = contentOf(source, header, { name, rawName, method });
  if (offset + packed > most) throw malformed(`"${shownName(name)}" reaches into its directory`);
  const madeBy = bytes[at + 5]!;
  return {
    length,
    member: {
      name,
      method: method === 0 ? "stored" : "deflated",
      crc: u32(16),
      packed,
      size,
      offset,
      unixMode: madeBy === UNIX ? u32(38) >>> 16 : undefined,
    },
  };
}

/** Where the content starts behind the file's own header, which must agree. */
function contentOf(
  source: ByteSource,
  header: number,
  { name, rawName, method }: { name: string; rawName: Uint8Array; method: number },
): number {
  const length = LOCAL_SIZE + rawName.length;
  if (header + length > source.size) throw malformed(`"${shownName(name)}" lies behind its end`);
  const bytes = readExactly(source, header, length);
  const view = viewOf(bytes);
  const isSame = view.getUint32(0, true) === LOCAL && view.getUint16(8, true) === method &&
    view.getUint16(26, true) === rawName.length &&
    bytes.subarray(LOCAL_SIZE).every((byte, i) => byte === rawName[i]);
  if (!isSame) throw malformed(`"${shownName(name)}" has another header than its directory says`);
  return header + length + view.getUint16(28, true);
}

function requireApart(members: readonly ZipMember[]): void {
  const sorted = [...members].sort((a, b) => a.offset - b.offset);
  for (const [i, { name, offset }] of sorted.entries()) {
    const before = sorted[i - 1];
    // A header of at least its fixed part and the name stands between two contents.
    if (!before || before.offset + before.packed + LOCAL_SIZE <= offset) continue;
    throw malformed(`"${shownName(name)}" and "${shownName(before.name)}" share bytes`);
  }
}

function nameOf(bytes: Uint8Array): string {
  if (bytes.length === 0 || bytes.length > MAX_NAME) throw malformed("a name has a bad length");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Code page 437, as DOS had it.
    throw unsupported("a name that is no UTF-8");
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read zip archive: ${cause}`);
}

function unsupported(what: string): TowerError {
  return new TowerError("unsupported", `Cannot read zip archive: ${what}`);
}
