/**
 * Block maps (bmap format 2.0 of bmap-tools): which blocks of an image have to reach a medium.
 * The rest may keep what the medium held before.
 */
import { createHash } from "node:crypto";

/** Bytes of a block: what the file systems in an image use, and what bmaptool takes. */
export const BMAP_BLOCK = 4096;

/** Blocks from `first` to `last`, both in it. */
export interface BlockRange {
  readonly first: number;
  readonly last: number;
}

/** A range with the SHA-256 of its bytes, lower-case hexadecimal; the last block may be short. */
export interface HashedRange extends BlockRange {
  readonly sha256: string;
}

/** Gathers which blocks of an image matter, in whatever order they are told. */
export class BlockMap {
  /** Ranges by their first block; they may touch and overlap until they are read. */
  #ranges: BlockRange[] = [];

  /** Says that `length` bytes at `offset` matter. */
  add(offset: number, length: number): void {
    if (length <= 0) return;
    const first = Math.floor(offset / BMAP_BLOCK);
    const last = Math.floor((offset + length - 1) / BMAP_BLOCK);
    const before = this.#ranges.at(-1);
    if (before && first >= before.first && first <= before.last + 1) {
      this.#ranges[this.#ranges.length - 1] = {
        first: before.first,
        last: Math.max(before.last, last),
      };
    } else this.#ranges.push({ first, last });
  }

  /** The ranges in order, none touching the next. */
  ranges(): BlockRange[] {
    const joined: { first: number; last: number }[] = [];
    for (const { first, last } of this.#ranges.sort((a, b) => a.first - b.first)) {
      const before = joined.at(-1);
      if (before && first <= before.last + 1) before.last = Math.max(before.last, last);
      else joined.push({ first, last });
    }
    this.#ranges = joined;
    return joined.map((range) => ({ ...range }));
  }
}

/**
 * The text of a block map.
 * @param imageSize Bytes of the image; at least 1.
 * @throws {RangeError} for ranges that are out of order or outside of the image
 */
export function formatBmap(imageSize: number, ranges: readonly HashedRange[]): string {
  const blocks = Math.ceil(imageSize / BMAP_BLOCK);
  let mapped = 0;
  let next = 0;
  for (const { first, last } of ranges) {
    if (first < next || last < first || last >= blocks) {
      throw new RangeError(`Cannot map blocks ${first} to ${last} of ${blocks}: out of order`);
    }
    mapped += last - first + 1;
    next = last + 1;
  }
  const text = bmapText(imageSize, blocks, mapped, ranges);
  // The checksum is that of the file with zeros in its place (bmap-tools, BmapCreate.py).
  const sum = createHash("sha256").update(text).digest("hex");
  return text.replace(NO_CHECKSUM, sum);
}

const NO_CHECKSUM = "0".repeat(64);

function bmapText(
  imageSize: number,
  blocks: number,
  mapped: number,
  ranges: readonly HashedRange[],
): string {
  // bmaptool puts its own sum in by place: the line of the checksum keeps this very form.
  const lines = ranges.map(({ first, last, sha256 }) =>
    `        <Range chksum="${sha256}"> ${first === last ? first : `${first}-${last}`} </Range>\n`
  );
  return `<?xml version="1.0" ?>
<!-- Blocks of the image that have to reach the medium. Copy with: bmaptool copy IMAGE DEVICE -->
<bmap version="2.0">
    <ImageSize> ${imageSize} </ImageSize>
    <BlockSize> ${BMAP_BLOCK} </BlockSize>
    <BlocksCount> ${blocks} </BlocksCount>
    <MappedBlocksCount> ${mapped} </MappedBlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BmapFileChecksum> ${NO_CHECKSUM} </BmapFileChecksum>
    <BlockMap>
${lines.join("")}    </BlockMap>
</bmap>
`;
}
