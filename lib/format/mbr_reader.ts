import { type ByteSource, readExactly } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { decodeEntries, MBR_TYPE, type MbrEntryFields } from "./mbr.ts";

const SECTOR = 512;
/** Logical partitions that are followed: tools make some dozens at most. */
const MOST_LOGICAL = 128;
/** The number of the first logical partition, as Linux counts. */
const FIRST_LOGICAL = 5;
const EXTENDED: ReadonlySet<number> = new Set([
  MBR_TYPE.extended,
  MBR_TYPE.extendedLba,
  MBR_TYPE.extendedLinux,
]);

/** A partition of a master boot record. */
export interface MbrEntry {
  /** 1 to 4, and from 5 for the logical ones. */
  readonly number: number;
  readonly type: number;
  readonly isActive: boolean;
  /** In bytes. */
  readonly start: number;
  readonly size: number;
}

/**
 * Reads the partitions of a disk with logical ones, in the order of their numbers; undefined where its
 * first sector lists none, or cannot be a record.
 *
 * @throws {TowerError} `malformed` for logical partitions in a circle or of more than 128
 */
export function readMbr(disk: ByteSource): MbrEntry[] | undefined {
  if (disk.size < SECTOR) return undefined;
  const entries = entriesAt(disk, 0);
  const used = entries?.filter(isUsed) ?? [];
  const fits = ({ firstSector, sectors }: MbrEntryFields) =>
    firstSector > 0 && (firstSector + sectors) * SECTOR <= disk.size;
  if (entries === undefined || used.length === 0 || !used.every(fits)) return undefined;
  const found: MbrEntry[] = entries.flatMap((entry, i) =>
    isUsed(entry) && !EXTENDED.has(entry.type) ? [placed(entry, i + 1, 0)] : []
  );
  const extended = used.find(({ type }) => EXTENDED.has(type));
  return extended === undefined ? found : [...found, ...logicalOf(disk, extended)];
}

/** Each lies behind a record of its own, which names the next record. */
function* logicalOf(disk: ByteSource, { firstSector }: MbrEntryFields): Generator<MbrEntry> {
  const met = new Set<number>();
  for (let record = firstSector, number = FIRST_LOGICAL;;) {
    if (met.has(record)) throw malformed("its logical partitions run in a circle");
    if (met.size >= MOST_LOGICAL) throw malformed(`it has more than ${MOST_LOGICAL} logical ones`);
    met.add(record);
    const [own, next] = entriesAt(disk, record) ?? [];
    if (own === undefined || next === undefined) {
      throw malformed("a logical partition has no record");
    }
    if (isUsed(own)) {
      const partition = placed(own, number++, record);
      if (partition.start + partition.size > disk.size) {
        throw malformed(`partition ${partition.number} lies behind the end`);
      }
      yield partition;
    }
    if (!isUsed(next)) return;
    record = firstSector + next.firstSector;
  }
}

function placed(
  { status, type, firstSector, sectors }: MbrEntryFields,
  number: number,
  base: number,
): MbrEntry {
  const start = (base + firstSector) * SECTOR;
  return { number, type, isActive: status === 0x80, start, size: sectors * SECTOR };
}

function isUsed({ type, sectors }: MbrEntryFields): boolean {
  return type !== 0 && sectors > 0;
}

/** The four entries of a record; undefined where the sector is none. */
function entriesAt(disk: ByteSource, sector: number): MbrEntryFields[] | undefined {
  if ((sector + 1) * SECTOR > disk.size) return undefined;
  const entries = decodeEntries(readExactly(disk, sector * SECTOR, SECTOR));
  // Boot code of file systems stands where a disk has its entries: few bytes there may be a status.
  const isTable = entries?.every(({ status }) => status === 0 || status === 0x80);
  return isTable ? entries : undefined;
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read the partition table: ${cause}`);
}
