import { MEDIA } from "./boot_sector.ts";
import { entryBits, type FatType } from "./geometry.ts";
import type { FatLayout } from "./layout.ts";

/** Cluster numbers encoded at a time; a multiple of 1024, so FAT12 pieces end on a whole sector. */
const PIECE = 1 << 16;

/** Entry that ends a chain; narrower types take its low bits. */
const END = 0x0fffffff;

/** The used part of one allocation table in pieces; the rest is zeros. */
export function* tablePieces(layout: FatLayout): Generator<Uint8Array> {
  const { type } = layout.geometry;
  const ends = chainEnds(layout);
  let end = ends.next();
  for (let first = 0; first < layout.nextCluster; first += PIECE) {
    const count = Math.min(PIECE, layout.nextCluster - first);
    const bytes = new Uint8Array(Math.ceil(count * entryBits(type) / 8));
    for (let i = 0; i < count; i++) {
      const cluster = first + i;
      const isEnd = !end.done && end.value === cluster;
      if (isEnd) end = ends.next();
      const value = cluster === 0 ? END - 0xff + MEDIA : cluster === 1 || isEnd ? END : cluster + 1;
      setEntry(bytes, type, i, value);
    }
    yield bytes;
  }
}

/** The last cluster of each chain, ascending: clusters are given in the order of the nodes. */
function* chainEnds(layout: FatLayout): Generator<number> {
  for (const node of layout.nodes.values()) {
    if (node.clusters > 0) yield node.cluster + node.clusters - 1;
  }
}

function setEntry(bytes: Uint8Array, type: FatType, index: number, value: number): void {
  if (type === "fat12") {
    const at = index + (index >> 1);
    const bits = (value & 0xfff) << (index & 1 ? 4 : 0);
    bytes[at] = bytes[at]! | bits & 0xff;
    bytes[at + 1] = bytes[at + 1]! | bits >> 8;
    return;
  }
  const width = type === "fat16" ? 2 : 4;
  for (let i = 0; i < width; i++) bytes[index * width + i] = value >>> 8 * i & 0xff;
}
