import { basename, dirname, join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { BMAP_BLOCK } from "../../lib/format/bmap.ts";
import { parseBmap } from "../../lib/format/bmap_reader.ts";
import { hexOf } from "../../lib/format/digest.ts";
import type { Extent } from "../../lib/disk/flash.ts";
import { fingerprint, parseSigners } from "../../lib/ssh_signature/public_key.ts";
import { FILE_NAMESPACE, verifyMessage } from "../../lib/ssh_signature/signature.ts";
import { hashFile } from "../../lib/store/artifact_file.ts";
import { exists, fileState, listDir, readBytes, readText } from "../../lib/store/files.ts";

const LIMIT = 64 << 20;
/** `toweros-host-<version>-<stamp>.img`, as TowerOS names its images. */
const TOWEROS_NAME = /^toweros-host-([0-9]+(?:\.[0-9]+)*)-([0-9]{14})\.img$/;

/** An image whose bytes are what its maker said. */
export interface HostImage {
  readonly path: string;
  readonly size: number;
  readonly extents: readonly Extent[];
  /** Who signed it; undefined where only its digest was there. */
  readonly signer: string | undefined;
  /** As a TowerOS image's name tells it. */
  readonly version: string | undefined;
}

/** The image that is asked for, else the newest. @throws {TowerError} `not-found` */
export function findImage(image: string | undefined, env: Env): string {
  if (image !== undefined) return image;
  const folders = [
    join(env.cwd, "dist"),
    join(env.cwd, "builds"),
    join(env.cacheDir, "builds"),
    "/var/towercomputers/builds",
  ];
  for (const folder of folders.filter(exists)) {
    const names = listDir(folder);
    const newest = names.filter((name) => TOWEROS_NAME.test(name)).sort(compareImages).at(-1);
    if (newest !== undefined) return join(folder, newest);
    const built = names.filter((name) => /^host-/.test(name))
      .map((name) => join(folder, name, "host.img")).filter(exists);
    if (built.length > 1) {
      throw new TowerError("conflict", `Cannot choose an image: ${built.join(", ")} are there`, {
        hint: "Name the one that fits the host's computer with --image",
      });
    }
    if (built[0] !== undefined) return built[0];
  }
  throw new TowerError("not-found", "Cannot find an image of a host", {
    hint: "Build one with tower-build build host, or name one with --image",
  });
}

/** By version number, then by time: 0.10 comes after 0.9 (facts E11). */
export function compareImages(a: string, b: string): number {
  const parts = (name: string) => {
    const [, version = "", stamp = ""] = TOWEROS_NAME.exec(name) ?? [];
    return [...version.split(".").map(Number), Number(stamp)];
  };
  const [x, y] = [parts(a), parts(b)];
  const length = Math.max(x.length, y.length);
  // The stamp stands last, after as many numbers as the longer version has.
  const padded = (p: number[]) => [
    ...p.slice(0, -1),
    ...Array<number>(length - p.length).fill(0),
    p.at(-1)!,
  ];
  const [u, v] = [padded(x), padded(y)];
  const at = u.findIndex((n, i) => n !== v[i]);
  return at < 0 ? 0 : u[at]! - v[at]!;
}

/**
 * Checks an image against SHA256SUMS beside it, and that against its signature when `signers`
 * names the keys that may sign. Not a byte is written before.
 *
 * @throws {TowerError} `untrusted`, `not-found`, `unsupported` for a compressed image.
 */
export function checkImage(path: string, signers: string | undefined): HostImage {
  if (/\.(gz|xz|zst)$/.test(path)) {
    throw new TowerError("unsupported", `Cannot write "${path}": it is compressed`, {
      hint: "Decompress it first, as with: xz --decompress --keep FILE",
    });
  }
  const size = fileState(path)?.size;
  if (size === undefined) {
    throw new TowerError("not-found", `Cannot read "${path}": there is no such file`);
  }
  const [folder, name] = [dirname(path), basename(path)];
  const sums = join(folder, "SHA256SUMS");
  if (!exists(sums)) {
    throw new TowerError("untrusted", `Cannot trust "${path}": there is no SHA256SUMS beside it`, {
      hint: "tower-build writes one; for an image that you trust: sha256sum IMAGE > SHA256SUMS",
    });
  }
  const signer = signers === undefined ? undefined : checkSignature(sums, signers);
  requireDigest(path, name, sums);
  const [, version] = TOWEROS_NAME.exec(name) ?? [];
  return { path, size, extents: extentsOf(path, size, sums), signer, version };
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

function requireDigest(path: string, name: string, sums: string): void {
  const expected = digestIn(sums, name);
  const cause = expected === undefined
    ? `SHA256SUMS does not name it`
    : hexOf(hashFile(path)) === expected
    ? undefined
    : "it is not what SHA256SUMS says";
  if (cause) throw new TowerError("untrusted", `Cannot trust "${path}": ${cause}`);
}

/** A block map that SHA256SUMS vouches for says which blocks matter; without one all do. */
function extentsOf(path: string, size: number, sums: string): Extent[] {
  const bmap = `${path}.bmap`;
  if (!exists(bmap) || digestIn(sums, basename(bmap)) === undefined) {
    return [{ start: 0, end: size }];
  }
  requireDigest(bmap, basename(bmap), sums);
  const { imageSize, ranges } = parseBmap(readText(bmap, LIMIT), bmap);
  if (imageSize !== size) {
    throw new TowerError("untrusted", `Cannot trust "${bmap}": it is of an image of another size`);
  }
  return ranges.map(({ first, last }) => ({
    start: first * BMAP_BLOCK,
    end: Math.min(size, (last + 1) * BMAP_BLOCK),
  }));
}
