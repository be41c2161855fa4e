import { basename, dirname } from "@std/path";
import { readThrough } from "./flash.ts";
import {
  type Extent,
  type ImagePieces,
  mappedExtents,
  notVouchedFor,
  sourcePieces,
  streamPieces,
  vouchedFor,
} from "./image_pieces.ts";
import { unpacked } from "./packed_image.ts";
import type { Digest } from "../brand.ts";
import type { Env } from "../env.ts";
import { TowerError } from "../errors.ts";
import { type ByteSource, concat, memorySource } from "../bytes/bytes.ts";
import { digestOf, hexOf } from "../bytes/digest.ts";
import { quoteArgv } from "../proc/quoting.ts";
import { bmapFile, compressionOf, RECORD_FILE, SUMS_FILE } from "../release/file_names.ts";
import type { ImageKind } from "../release/image_kind.ts";
import { type Artifact, parseRecord } from "../release/record.ts";
import type { Sums } from "../release/sums.ts";
import type { Reporter } from "../report/event.ts";
import { formatBytes } from "../report/quantity.ts";
import { parseSigners } from "../ssh_signature/allowed_signers.ts";
import { fingerprint } from "../ssh_signature/public_key.ts";
import { FILE_NAMESPACE } from "../ssh_signature/signature.ts";
import { exists, readBytes, readText } from "../files/files.ts";
import { ReleaseFolder } from "../release/release_folder.ts";
import { openRegular } from "../files/regular_file.ts";

const LIMIT = 64 << 20;
/** How much of a compressed image is looked at for its boot partition's tables. */
const HEAD = 40 << 20;

/**
 * An image whose bytes are what its maker said: it stays open, and its pieces are checked each
 * time they are asked for, so that no other is written than was checked.
 */
export interface CheckedImage extends ImagePieces, Disposable {
  readonly path: string;
  /** Bytes of the disk, whatever the file has. */
  readonly size: number;
  /** Its beginning, or all of it; reads behind that find an end. */
  readonly head: ByteSource;
  /** Who signed it; undefined where only its digest was there. */
  readonly signer: string | undefined;
  /** What the record beside it says of it, where SHA256SUMS vouches for a record. */
  readonly made: MadeOf | undefined;
}

/** Of which system an image is, and what is on it as far as its record tells. */
export interface MadeOf extends Pick<Artifact, "loaders" | "partitions"> {
  readonly system: string;
  readonly arch: string;
}

/**
 * Checks an image against SHA256SUMS beside it, and that against its signature when `signers`
 * names the keys that may sign. Not a byte is written before. Each file is opened once.
 *
 * @param kinds What it may be, where a record says what it is.
 * @throws {TowerError} `untrusted`, `not-found`, `malformed` for a compressed one that is not whole.
 */
export async function checkImage(
  path: string,
  signers: string | undefined,
  kinds: readonly ImageKind[],
  { runner, signal }: Pick<Env, "runner" | "signal">,
): Promise<CheckedImage> {
  using owned = new DisposableStack();
  const file = owned.use(openRegular(path));
  const folder = new ReleaseFolder(dirname(path));
  if (!folder.has(SUMS_FILE)) {
    throw notTrusted(path, `there is no ${SUMS_FILE} beside it`, {
      hint: `tower-build writes one; this does for an image that you trust: ${
        digestCommand(path, folder)
      }`,
    });
  }
  const signer = signers === undefined ? undefined : checkSignature(folder, signers);
  const sums = folder.sums();
  const named = sums?.digestOf(basename(path));
  if (sums === undefined || named === undefined) {
    throw notTrusted(path, "SHA256SUMS does not name it", {
      hint: `its lines are a digest, two blanks and "${basename(path)}" alone, as this makes one ` +
        `for an image that you trust: ${digestCommand(path, folder)}`,
    });
  }
  const digest = hexOf(named);
  const isPacked = compressionOf(path) !== undefined;
  const map = blockMap(bmapFile(path), sums);
  const about = { path, signer, made: madeOf({ path, digest: named, kinds }, folder, sums) };
  if (isPacked) {
    const { pieces } = sourcePieces(file, whole(file.size).extents);
    await readThrough(vouchedFor(pieces(), digest, path), signal);
    const open = () => unpacked(file, runner, signal, digest);
    const { size, extents } = map ?? whole(await lengthOf(open()));
    const head = { ...await headOf(open()), size };
    const close = owned.move();
    return {
      ...about,
      size,
      head,
      ...streamPieces(open, size, extents),
      [Symbol.dispose]: () => close.dispose(),
    };
  }
  const { size, extents } = map ?? whole(file.size);
  if (size !== file.size) throw notTrusted(path, `its block map is of ${size} bytes`);
  const { pieces } = sourcePieces(file, extents);
  // The map's checksums cover all that is written of a plain image, without its holes.
  const checked = map ? pieces : () => vouchedFor(pieces(), digest, path);
  await readThrough(checked(), signal);
  const close = owned.move();
  return {
    ...about,
    size,
    head: file,
    extents,
    pieces: checked,
    [Symbol.dispose]: () => close.dispose(),
  };
}

/** What a record tells of an image; one that nobody vouches for, or of other bytes, tells nothing. */
function madeOf(
  { path, digest, kinds }: {
    readonly path: string;
    readonly digest: Digest;
    readonly kinds: readonly ImageKind[];
  },
  folder: ReleaseFolder,
  sums: Sums,
): MadeOf | undefined {
  const vouched = sums.digestOf(RECORD_FILE);
  if (vouched === undefined || !folder.has(RECORD_FILE)) return undefined;
  if (digestOf(folder.bytes(RECORD_FILE)) !== vouched) {
    throw notTrusted(path, `${RECORD_FILE} beside it is not the one that ${SUMS_FILE} names`);
  }
  const { artifacts, system, arch } = parseRecord(folder.text(RECORD_FILE), folder.at(RECORD_FILE));
  const artifact = artifacts.find(({ file }) => file === basename(path));
  if (artifact === undefined || artifact.digest !== digest) return undefined;
  const { loaders, partitions } = artifact;
  if (kinds.some((kind) => kind === artifact.kind)) return { system, arch, loaders, partitions };
  const message = `Cannot write "${path}" to a card: it is no ${
    kinds.join(" or ")
  } image but of kind ${artifact.kind}`;
  throw new TowerError("unsupported", message);
}

/** As {@linkcode checkImage}, told as a step. */
export async function checkImageTold(
  path: string,
  signers: string | undefined,
  kinds: readonly ImageKind[],
  env: Pick<Env, "runner" | "signal" | "explain">,
  reporter: Reporter,
): Promise<CheckedImage> {
  const id = `check ${path}`;
  reporter.report({ type: "step", id, title: "check the image" });
  const image = await checkImage(path, signers, kinds, env);
  const written = image.extents.reduce((sum, { start, end }) => sum + end - start, 0);
  env.explain(`${formatBytes(written)} of the image's ${formatBytes(image.size)} are written`);
  reporter.report({ type: "done", id });
  return image;
}

const notTrusted = (path: string, cause: string, options: { readonly hint?: string } = {}) =>
  new TowerError("untrusted", `Cannot trust "${path}": ${cause}`, options);

function whole(size: number) {
  return { size, extents: [{ start: 0, end: size }] };
}

async function lengthOf(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const bytes of stream) size += bytes.length;
  return size;
}

async function headOf(stream: AsyncIterable<Uint8Array>): Promise<ByteSource> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of stream) {
    parts.push(bytes.slice());
    if ((size += bytes.length) >= HEAD) break;
  }
  return memorySource(concat(parts));
}

/**
 * The line to type. In its folder: sha256sum(1) writes names as they are given. Where there are
 * digests already, a last line without an end would take the next one in.
 */
function digestCommand(image: string, folder: ReleaseFolder): string {
  const name = basename(image);
  const sums = folder.has(SUMS_FILE) ? folder.bytes(SUMS_FILE) : undefined;
  const isCut = sums !== undefined && sums.length > 0 && sums.at(-1) !== 0x0a;
  return [
    quoteArgv(["cd", folder.path]),
    ...isCut ? ["echo >> SHA256SUMS"] : [],
    `${quoteArgv(["sha256sum", "--", name])} ${sums === undefined ? ">" : ">>"} SHA256SUMS`,
  ].join(" && ");
}

function checkSignature(folder: ReleaseFolder, signers: string): string {
  const keys = parseSigners(readText(signers, LIMIT), signers, FILE_NAMESPACE);
  return fingerprint(folder.signerOf(SUMS_FILE, keys).blob);
}

/** What a block map that SHA256SUMS vouches for says of its image; undefined without one. */
function blockMap(path: string, sums: Sums): { size: number; extents: Extent[] } | undefined {
  const digest = exists(path) ? sums.digestOf(basename(path)) : undefined;
  if (digest === undefined) return undefined;
  const bytes = readBytes(path, LIMIT);
  if (digestOf(bytes) !== digest) throw notVouchedFor(path);
  return mappedExtents(bytes, path);
}
