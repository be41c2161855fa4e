import { type ByteSource, readExactly } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { crc32 } from "./crc.ts";
import { decodeEntries, MBR_TYPE } from "./mbr.ts";
import { formatGuid, type Uuid } from "./uuid.ts";

/** Of disks that tell; 4 KiB is that of some drives and of virtual ones. */
const SECTORS = [512, 4096];
const MAGIC = "EFI PART";
/** What tools write is 128 of 128 bytes. */
const MOST_ENTRIES = 1024, LARGEST_ENTRY = 4096;
const NIL = "00000000-0000-0000-0000-000000000000";

/** A partition of a table that was read. */
export interface GptEntry {
  /** From 1, as `/dev/sda1` has it. */
  readonly number: number;
  readonly type: Uuid;
  readonly guid: Uuid;
  /** As it is there: any 36 UTF-16 units. */
  readonly name: string;
  /** In bytes. */
  readonly start: number;
  readonly size: number;
}

interface Header {
  readonly sector: number;
  /** The sector of the other one. */
  readonly copy: number;
  readonly entries: number;
  readonly count: number;
  readonly entrySize: number;
  readonly checksum: number;
}

/** Whether a disk says that it has a GPT, at its beginning. */
export function isGpt(disk: ByteSource): boolean {
  return SECTORS.some((sector) => headerAt(disk, sector, 1) !== undefined);
}

/** A partition table that was read. */
export interface ReadGpt {
  readonly partitions: readonly GptEntry[];
  /** Why the copy at the beginning cannot be read, where this is the other one. */
  readonly damage?: string;
}

/**
 * Reads a partition table from its copy at the beginning, or else from that at the end (UEFI §5.3). Undefined
 * where neither is one. That at the end alone is one where the first sector says so: what had a GPT before it
 * got an MBR keeps it there.
 *
 * @throws {TowerError} `malformed` for a table that is damaged, or lies behind the disk's end
 */
export function readGpt(disk: ByteSource): ReadGpt | undefined {
  for (const sector of SECTORS) {
    const first = headerAt(disk, sector, 1);
    if (first === undefined && !isProtected(disk)) continue;
    const end = Math.floor(disk.size / sector) - 1;
    let fault = first === undefined ? malformed("its header is damaged") : undefined;
    const copies = [first?.copy ?? end, end].map((number) => headerAt(disk, sector, number));
    for (const header of [first, ...copies]) {
      if (header === undefined) continue;
      try {
        const partitions = entriesOf(disk, header);
        return fault === undefined ? { partitions } : { partitions, damage: fault.message };
      } catch (error) {
        if (!(error instanceof TowerError)) throw error;
        fault ??= error;
      }
    }
    if (first !== undefined) throw fault;
  }
  return undefined;
}

/** Whether a disk's first sector says that a GPT follows. */
function isProtected(disk: ByteSource): boolean {
  if (disk.size < 512) return false;
  const entries = decodeEntries(readExactly(disk, 0, 512)) ?? [];
  return entries.some(({ type }) => type === MBR_TYPE.gptProtective);
}

function headerAt(disk: ByteSource, sector: number, number: number): Header | undefined {
  if (number < 1 || (number + 1) * sector > disk.size) return undefined;
  const bytes = readExactly(disk, number * sector, sector);
  const view = new DataView(bytes.buffer);
  const size = view.getUint32(12, true);
  if (String.fromCharCode(...bytes.subarray(0, 8)) !== MAGIC) return undefined;
  if (size < 92 || size > sector) return undefined;
  const told = view.getUint32(16, true);
  view.setUint32(16, 0, true);
  if (crc32(bytes.subarray(0, size)) !== told) return undefined;
  return {
    sector,
    copy: Number(view.getBigUint64(32, true)),
    entries: Number(view.getBigUint64(72, true)) * sector,
    ...{ count: view.getUint32(80, true), entrySize: view.getUint32(84, true) },
    checksum: view.getUint32(88, true),
  };
}

function entriesOf(disk: ByteSource, header: Header): GptEntry[] {
  const { sector, entries, count, entrySize, checksum } = header;
  if (count > MOST_ENTRIES || entrySize < 128 || entrySize > LARGEST_ENTRY) {
    throw malformed(`it has ${count} entries of ${entrySize} bytes`);
  }
  if (entries + count * entrySize > disk.size) throw malformed("its entries lie behind the end");
  const bytes = readExactly(disk, entries, count * entrySize);
  if (crc32(bytes) !== checksum) throw malformed("the checksum of its entries is another");
  const found: GptEntry[] = [];
  for (let i = 0; i < count; i++) {
    const entry = bytes.subarray(i * entrySize, (i + 1) * entrySize);
    const type = formatGuid(entry.subarray(0, 16));
    if (type === NIL) continue;
    const view = new DataView(entry.buffer, entry.byteOffset, entry.length);
    const first = Number(view.getBigUint64(32, true)), last = Number(view.getBigUint64(40, true));
    const [start, size] = [first * sector, (last - first + 1) * sector];
    if (last < first || start + size > disk.size) {
      throw malformed(`partition ${i + 1} lies behind the end`);
    }
    const units = Array.from({ length: 36 }, (_, unit) => view.getUint16(56 + 2 * unit, true));
    const name = String.fromCharCode(...units).replace(/\0.*$/s, "").toWellFormed();
    found.push({
      number: i + 1,
      type,
      guid: formatGuid(entry.subarray(16, 32)),
      name,
      start,
      size,
    });
  }
  return found;
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read the partition table: ${cause}`);
}
