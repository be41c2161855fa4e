import { concat } from "../../bytes/bytes.ts";
import { sizeOf } from "../../tree/entry.ts";
import { nameOf } from "../../tree/file_tree.ts";
import { type Extent, PARENT, recordSize, roomFor, SELF } from "./directory_record.ts";
import type { IsoDirectory, IsoNode } from "./inventory.ts";
import { LONGEST_EXTENT } from "./limits.ts";
import {
  type AreaPlace,
  CE_SIZE,
  nameEntries,
  posixEntries,
  rootEntries,
  type SystemUse,
  systemUse,
} from "./rock_ridge.ts";
import { ISO_SECTOR, sectorsOf } from "./sector.ts";

/** A record of a directory, all but the extent that it names. */
export interface PlannedRecord {
  readonly id: string;
  readonly node: IsoNode;
  readonly use: SystemUse;
  /** Where its continuation areas lie, counted from the first of all. */
  readonly areas: readonly AreaPlace[];
}

/** The records of a directory: its own, its parent's and those of what it holds. */
export function recordsOf(directory: IsoDirectory, areas: AreaAllocator): PlannedRecord[] {
  const { node, parent, children } = directory;
  const dots: PlannedRecord[] = [{ id: SELF, of: node }, { id: PARENT, of: parent?.node ?? node }]
    .map(({ id, of }) => {
      const posix = posixEntries(of.posix);
      const inline = id === SELF && !parent ? concat([rootEntries(), posix]) : posix;
      return { id, node: of, use: { inline, areas: [] }, areas: [] };
    });
  const others = children.map(({ id, child }): PlannedRecord => {
    const named = nameEntries(nameOf(child.entry.path), child.target);
    const use = systemUse(posixEntries(child.posix), named, roomFor(id));
    return { id, node: child, use, areas: areas.take(use.areas) };
  });
  return [...dots, ...others];
}

/** Bytes of a directory. */
export function directorySize(records: readonly PlannedRecord[]): number {
  let at = 0;
  for (const { id, use, node: { target } } of records) {
    const size = recordSize(id, use);
    const bytes = target.type === "file" ? sizeOf(target.content) : 0;
    for (let n = extentsOf({ sector: 0, size: bytes }).length; n > 0; n--) {
      at = placeBehind(at, size) + size;
    }
  }
  return sectorsOf(at) * ISO_SECTOR;
}

/** A file's extents, a record for each: one where it has no bytes. */
export function extentsOf({ sector, size }: Extent): Extent[] {
  const extents: Extent[] = [];
  for (let done = 0; done === 0 || done < size; done += LONGEST_EXTENT) {
    const part = Math.min(LONGEST_EXTENT, size - done);
    extents.push({ sector: sector + done / ISO_SECTOR, size: part });
  }
  return extents;
}

/** Where something goes that comes behind `at` and crosses no end of a sector (ECMA-119 §6.8.1.1). */
export function placeBehind(at: number, size: number): number {
  const left = ISO_SECTOR - at % ISO_SECTOR;
  return size <= left ? at : at + left;
}

/** Gives continuation areas their places; none crosses the end of a sector (SUSP §5.1). */
export class AreaAllocator {
  #end = 0;

  /** Bytes of all. */
  get size(): number {
    return this.#end;
  }

  /** The areas of a record; each but the last leads to the next. */
  take(areas: readonly Uint8Array[]): AreaPlace[] {
    return areas.map(({ length: own }, i) => {
      const length = own + (i < areas.length - 1 ? CE_SIZE : 0);
      const at = placeBehind(this.#end, length);
      this.#end = at + length;
      return { sector: Math.floor(at / ISO_SECTOR), offset: at % ISO_SECTOR, length };
    });
  }
}
