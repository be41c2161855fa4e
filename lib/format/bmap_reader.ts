import { createHash } from "node:crypto";
import { TowerError } from "../errors.ts";
import { BMAP_BLOCK, type HashedRange } from "./bmap.ts";

/** What a block map says. */
export interface ParsedBmap {
  readonly imageSize: number;
  readonly ranges: readonly HashedRange[];
}

/** Most ranges that a map may have. */
const MOST_RANGES = 1_000_000;

/**
 * Reads a block map of format 2.0 with blocks of 4096 bytes and SHA-256, as tower-build and
 * bmaptool write it: by lines, not as any XML.
 *
 * @throws {TowerError} `malformed`; `untrusted` where the map's own checksum does not match.
 */
export function parseBmap(text: string, path: string): ParsedBmap {
  const refuse = (cause: string) =>
    new TowerError("malformed", `Cannot read block map "${path}": ${cause}`);
  const field = (name: string) => {
    const match = new RegExp(`<${name}> {0,9}([0-9a-z]{1,64}) {0,9}</${name}>`).exec(text);
    if (!match) throw refuse(`it has no ${name}`);
    return match[1]!;
  };
  if (!/<bmap version="2\.[0-9]{1,3}"/.test(text)) throw refuse("its version is not 2");
  if (field("ChecksumType") !== "sha256") throw refuse("its checksums are not SHA-256");
  if (Number(field("BlockSize")) !== BMAP_BLOCK) throw refuse(`its blocks are not ${BMAP_BLOCK}`);
  const sum = field("BmapFileChecksum");
  const blank = text.replace(sum, "0".repeat(64));
  if (createHash("sha256").update(blank).digest("hex") !== sum) {
    throw new TowerError("untrusted", `Cannot trust block map "${path}": its checksum is wrong`);
  }
  const imageSize = Number(field("ImageSize"));
  if (!Number.isSafeInteger(imageSize) || imageSize < 1) throw refuse("its image has no size");
  const blocks = Math.ceil(imageSize / BMAP_BLOCK);
  const ranges: HashedRange[] = [];
  const line = /<Range chksum="([0-9a-f]{64})"> ?([0-9]{1,12})(?:-([0-9]{1,12}))? ?<\/Range>/g;
  for (const [, sha256, start, end = start] of text.matchAll(line)) {
    const [first, last] = [Number(start), Number(end)];
    const before = ranges.at(-1)?.last ?? -1;
    if (first <= before || last < first || last >= blocks) throw refuse("its ranges overlap");
    if (ranges.length >= MOST_RANGES) throw refuse(`it has more than ${MOST_RANGES} ranges`);
    ranges.push({ first, last, sha256: sha256! });
  }
  const mapped = ranges.reduce((total, { first, last }) => total + last - first + 1, 0);
  if (mapped !== Number(field("MappedBlocksCount"))) throw refuse("its count of blocks is wrong");
  return { imageSize, ranges };
}
