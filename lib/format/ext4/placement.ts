import { Allocator } from "./allocation.ts";
import { nodeCount } from "./extents.ts";
import type { Geometry, Run } from "./geometry.ts";
import { INO } from "./inode.ts";
import { type InodePlan, type Inventory, placeOfIno } from "./inventory.ts";

/** An inode and the blocks it was given. */
export interface PlacedInode {
  readonly plan: InodePlan;
  readonly runs: readonly Run[];
  /** Blocks of its extent tree. */
  readonly nodes: readonly number[];
  /** Block of its extended attributes; 0 is none. */
  readonly xattrBlock: number;
}

/**
 * All inodes in the order of their blocks: the journal, directories, all others. Keeps only the
 * block from which each was given its own: what it was given then follows from that.
 */
export class Placement implements Iterable<PlacedInode> {
  readonly #inventory: Inventory;
  readonly #geometry: Geometry;
  readonly #journal: PlacedInode | undefined;
  /** By the inventory's places. */
  readonly #from: Uint32Array;

  /** @param allocator has handed out what comes before all inodes */
  constructor(
    inventory: Inventory,
    journal: InodePlan | undefined,
    geometry: Geometry,
    allocator: Allocator,
  ) {
    this.#inventory = inventory;
    this.#geometry = geometry;
    this.#from = new Uint32Array(inventory.length);
    this.#journal = journal && place(journal, allocator);
    for (const at of this.#places()) {
      this.#from[at] = allocator.end;
      place(inventory.plan(at), allocator);
    }
  }

  *[Symbol.iterator](): Generator<PlacedInode> {
    if (this.#journal) yield this.#journal;
    for (const at of this.#places()) yield this.#placed(at);
  }

  /** The inode of a number, if it is the journal or of the tree. */
  get(ino: number): PlacedInode | undefined {
    if (ino === INO.journal) return this.#journal;
    const at = placeOfIno(ino);
    return at !== undefined && at < this.#inventory.length ? this.#placed(at) : undefined;
  }

  #placed(at: number): PlacedInode {
    return place(this.#inventory.plan(at), new Allocator(this.#geometry, this.#from[at]));
  }

  *#places(): Generator<number> {
    for (const directories of [true, false]) {
      for (let at = 0; at < this.#inventory.length; at++) {
        if (this.#inventory.isDirectory(at) === directories) yield at;
      }
    }
  }
}

/** Gives an inode its blocks: attributes, data, extent tree. */
function place(plan: InodePlan, allocator: Allocator): PlacedInode {
  const xattrBlock = plan.xattrPlace === "block" ? allocator.takeOne() : 0;
  const runs = allocator.take(plan.dataBlocks);
  const nodes = Array.from({ length: nodeCount(runs.length) }, () => allocator.takeOne());
  return { plan, runs, nodes, xattrBlock };
}
