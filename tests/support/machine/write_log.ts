import { type ByteSource, readExactly } from "../../../lib/bytes/bytes.ts";

/** Something that a machine did to its disk. */
export type DiskChange =
  | { readonly kind: "flush" }
  | { readonly kind: "write"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "discard"; readonly offset: number; readonly length: number };

const MAGIC = 0x6a736677736872n;
const FLAGS = { flush: 1n, discard: 4n };

/**
 * Reads a log of QEMU's blklogwrites, which is that of dm-log-writes (Linux, admin-guide/device-mapper/log-writes):
 * a sector with magic, version, number of entries and size of a sector; then for each entry a sector with number
 * of the first sector, how many, flags and bytes of text, and the sectors that were written.
 */
export function readWriteLog(log: ByteSource): DiskChange[] {
  const fields = (offset: number, count: number) => {
    const bytes = readExactly(log, offset, count * 8);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return Array.from({ length: count }, (_, i) => view.getBigUint64(8 * i, true));
  };
  const [magic, version, entries, rest] = fields(0, 4);
  if (magic !== MAGIC || version !== 1n) throw new Error("this is no log of writes");
  const sector = Number(rest! & 0xffffffffn);
  const changes: DiskChange[] = [];
  let at = sector;
  for (let i = 0n; i < entries!; i++) {
    const [first, count, flags] = fields(at, 3);
    at += sector;
    const [offset, length] = [Number(first!) * sector, Number(count!) * sector];
    if ((flags! & FLAGS.discard) !== 0n) {
      changes.push({ kind: "discard", offset, length });
      continue;
    }
    if (length > 0) changes.push({ kind: "write", offset, bytes: readExactly(log, at, length) });
    if ((flags! & FLAGS.flush) !== 0n) changes.push({ kind: "flush" });
    at += length;
  }
  return changes;
}

/** Does to a disk what a machine did. */
export function applyChange(disk: Uint8Array, change: DiskChange): void {
  if (change.kind === "write") disk.set(change.bytes, change.offset);
  if (change.kind === "discard") disk.fill(0, change.offset, change.offset + change.length);
}
