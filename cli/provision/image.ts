import { basename, dirname, join } from "@std/path";
import {
  type Extent,
  type ImagePieces,
  type Piece,
  sourcePieces,
  streamPieces,
} from "../../lib/disk/image_pieces.ts";
import { compressionOf, imagePieces } from "../../lib/disk/packed_image.ts";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { BMAP_BLOCK } from "../../lib/format/bmap.ts";
import { parseBmap } from "../../lib/format/bmap_reader.ts";
import { hexOf } from "../../lib/format/digest.ts";
import { fingerprint, parseSigners } from "../../lib/ssh_signature/public_key.ts";
import { FILE_NAMESPACE, verifyMessage } from "../../lib/ssh_signature/signature.ts";
import { hashFile } from "../../lib/store/artifact_file.ts";
import { openDisk } from "../../lib/store/disk_file.ts";
import { exists, fileState, readBytes, readText } from "../../lib/store/files.ts";
import { imageVersion } from "./find_image.ts";

const LIMIT = 64 << 20;

/** An image whose bytes are what its maker said. */
export interface HostImage extends ImagePieces {
  readonly path: string;
  /** Bytes of the disk, whatever the file has. */
  readonly size: number;
  /** Who signed it; undefined where only its digest was there. */
  readonly signer: string | undefined;
  /** As a TowerOS image's name tells it. */
  readonly version: string | undefined;
}

/**
 * Checks an image against SHA256SUMS beside it, and that against its signature when `signers`
 * names the keys that may sign. Not a byte is written before.
 *
 * @throws {TowerError} `untrusted`, `not-found`, `malformed` for a compressed one that is not whole.
 */
export async function checkImage(
  path: string,
  signers: string | undefined,
  env: Pick<Env, "runner" | "signal">,
): Promise<HostImage> {
  const fileSize = fileState(path)?.size;
  if (fileSize === undefined) {
    throw new TowerError("not-found", `Cannot read "${path}": there is no such file`);
  }
  const sums = join(dirname(path), "SHA256SUMS");
  if (!exists(sums)) {
    throw new TowerError("untrusted", `Cannot trust "${path}": there is no SHA256SUMS beside it`, {
      hint: "tower-build writes one; for an image that you trust: sha256sum IMAGE > SHA256SUMS",
    });
  }
  const signer = signers === undefined ? undefined : checkSignature(sums, signers);
  const digest = digestIn(sums, basename(path));
  if (digest === undefined) throw notTrusted(path, "SHA256SUMS does not name it");
  const isPacked = compressionOf(path) !== undefined;
  const map = blockMap(isPacked ? path.replace(/\.[a-z]+$/, "") : path, sums);
  // The map's checksums cover all that is written of a plain image, without its holes.
  if ((isPacked || !map) && hexOf(hashFile(path)) !== digest) {
    throw notTrusted(path, "it is not what SHA256SUMS says");
  }
  const about = { path, signer, version: imageVersion(basename(path)) };
  if (isPacked) {
    const open = () => imagePieces(path, env.runner, env.signal);
    const { size, extents } = map ?? whole(await lengthOf(open()));
    return { ...about, size, ...streamPieces(open, size, extents) };
  }
  const { size, extents } = map ?? whole(fileSize);
  if (size !== fileSize) throw notTrusted(path, `its block map is of ${size} bytes`);
  for await (const _ of filePieces(path, extents)) env.signal.throwIfAborted();
  const checked = extents.map(({ start, end }) => ({ start, end }));
  return { ...about, size, extents: checked, pieces: () => filePieces(path, checked) };
}

const notTrusted = (path: string, cause: string) =>
  new TowerError("untrusted", `Cannot trust "${path}": ${cause}`);

function whole(size: number) {
  return { size, extents: [{ start: 0, end: size }] };
}

async function* filePieces(path: string, extents: readonly Extent[]): AsyncGenerator<Piece> {
  using source = openDisk(path, "read");
  yield* sourcePieces(source, extents).pieces();
}

async function lengthOf(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const bytes of stream) size += bytes.length;
  return size;
}

function checkSignature(sums: string, signers: string): string {
  const signature = `${sums}.sig`;
  if (!exists(signature)) {
    throw new TowerError("untrusted", `Cannot trust "${sums}": it is not signed`, {
      hint: "sign a build with: tower-build sign DIR --key FILE",
    });
  }
  const keys = parseSigners(readText(signers, LIMIT), signers, FILE_NAMESPACE);
  const key = verifyMessage(readText(signature, 65536), `"${sums}"`, readBytes(sums, LIMIT), {
    namespace: FILE_NAMESPACE,
    keys,
  });
  return fingerprint(key.blob);
}

/** sha256sum(1): digest, blank, mode, name. */
function digestIn(sums: string, name: string): string | undefined {
  return readText(sums, LIMIT).split("\n").map((line) => /^([0-9a-f]{64}) [ *](.+)$/.exec(line))
    .find((match) => match?.[2] === name)?.[1];
}

/** What a block map that SHA256SUMS vouches for says of an image; undefined without one. */
function blockMap(image: string, sums: string): { size: number; extents: Extent[] } | undefined {
  const path = `${image}.bmap`;
  const digest = exists(path) ? digestIn(sums, basename(path)) : undefined;
  if (digest === undefined) return undefined;
  if (hexOf(hashFile(path)) !== digest) throw notTrusted(path, "it is not what SHA256SUMS says");
  const { imageSize, ranges } = parseBmap(readText(path, LIMIT), path);
  const extents = ranges.map(({ first, last, sha256 }) => ({
    start: first * BMAP_BLOCK,
    end: Math.min(imageSize, (last + 1) * BMAP_BLOCK),
    sha256,
  }));
  return { size: imageSize, extents };
}
