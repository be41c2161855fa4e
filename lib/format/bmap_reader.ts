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

const HINT = "Take the map away, and all of the image is written; or make one of the unpacked " +
  "image: bmaptool create -o MAP IMAGE";

/**
 * Reads a block map of format 2.0 with blocks of 4096 bytes and SHA-256, as tower-build and
 * bmaptool write it: by lines, not as any XML.
 *
 * @throws {TowerError} `malformed`; `untrusted` where the map's own checksum does not match.
 */
export function parseBmap(text: string, path: string): ParsedBmap {
  const refuse = (cause: string) =>
    new TowerError("malformed", `Cannot read block map "${path}": ${cause}`, { hint: HINT });
  const field = (name: string) => {
    const match = new RegExp(`<${name}> {0,9}([0-9a-z]{1,64}) {0,9}</${name}>`).exec(text);
    if (!match) throw refuse(`it has no ${name}`);
    return match[1]!;
  };
  const version = /<bmap version="([0-9]{1,3}\.[0-9]{1,3})"/.exec(text)?.[1];
  if (version === undefined) throw refuse("it says no version of the format");
  // Before 2.0 there are no checksums (1.2), or such of SHA-1 under other names (1.3).
  if (!version.startsWith("2.")) throw refuse(`it is of format ${version}, not of 2`);
  const type = field("ChecksumType");
  if (type !== "sha256") throw refuse(`its checksums are of "${type}", not of SHA-256`);
  const size = field("BlockSize");
  if (Number(size) !== BMAP_BLOCK) throw refuse(`its blocks have ${size} bytes, not ${BMAP_BLOCK}`);
  if (/<Range *>/.test(text)) throw refuse("its ranges have no checksums to try them by");
  const sum = field("BmapFileChecksum");
  const blank = text.replace(sum, "0".repeat(64));
  if (createHash("sha256").update(blank).digest("hex") !== sum) {
    const message = `Cannot trust block map "${path}": its checksum is wrong`;
    throw new TowerError("untrusted", message, { hint: HINT });
  }
  const imageSize = Number(field("ImageSize"));
  if (!Number.isSafeInteger(imageSize) || imageSize < 1) throw refuse("its image has no size");
  const blocks = Math.ceil(imageSize / BMAP_BLOCK);
  if (Number(field("BlocksCount")) !== blocks) throw refuse("its image has another size");
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
