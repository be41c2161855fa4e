import { createHash } from "node:crypto";
import type { Digest } from "../brand.ts";
import { type ByteSource, compareBytes, memorySource } from "../bytes/bytes.ts";
import { digestFromHex, digestOf } from "../bytes/digest.ts";
import { TowerError } from "../errors.ts";
import { padding, tarEnd } from "../format/tar.ts";
import { formatSums } from "../release/sums.ts";
import { HEAD_FILES, headerOf, MOST_BYTES, partOf } from "./layout.ts";

const CHUNK = 256 << 10;

/** A file that goes into a bundle. */
export interface BundledFile {
  readonly name: string;
  readonly digest: Digest;
  readonly size: number;
  readonly open: () => ByteSource;
}

/** A file of bytes in memory. */
export function bundledBytes(name: string, bytes: Uint8Array): BundledFile {
  return {
    name,
    digest: digestOf(bytes),
    size: bytes.length,
    open: () => memorySource(bytes),
  };
}

/** What is signed of a bundle: the digests of its files. @throws {TowerError} `unsupported`, `limit` */
export function bundleSums(files: readonly BundledFile[]): Uint8Array<ArrayBuffer> {
  for (const { name, size } of files) {
    if (partOf(name) === undefined) {
      throw new TowerError(
        "unsupported",
        `Cannot put "${name}" into a bundle: its name is too odd`,
      );
    }
    if (size <= MOST_BYTES) continue;
    throw new TowerError("limit", `Cannot put "${name}" into a bundle: it has over 8 GiB`);
  }
  const lines = files.map(({ name, digest }) => ({ file: name, digest }));
  return new TextEncoder().encode(formatSums(lines));
}

/**
 * The bytes of a bundle. A piece is valid until the next one.
 * @param sums of these files
 * @param signature of `sums`
 * @throws {TowerError} `damaged` for a file whose bytes are not those of its digest
 */
export function* bundlePieces(
  files: readonly BundledFile[],
  sums: Uint8Array,
  signature: string,
): Generator<Uint8Array> {
  const head = [sums, new TextEncoder().encode(signature)];
  const first = HEAD_FILES.map((name, i) => bundledBytes(name, head[i]!));
  const rest = files.toSorted((a, b) => compareBytes(a.name, b.name));
  const chunk = new Uint8Array(CHUNK);
  for (const file of [...first, ...rest]) {
    yield headerOf(file.name, file.size);
    yield* contentOf(file, chunk);
    yield padding(file.size);
  }
  yield tarEnd();
}

function* contentOf({ name, digest, size, open }: BundledFile, chunk: Uint8Array) {
  const source = open(), hash = createHash("sha256");
  for (let at = 0, n; at < size; at += n) {
    n = source.readAt(at, chunk.subarray(0, Math.min(CHUNK, size - at)));
    if (n === 0) break;
    hash.update(chunk.subarray(0, n));
    yield chunk.subarray(0, n);
  }
  if (digestFromHex(hash.digest("hex")) === digest) return;
  throw new TowerError(
    "damaged",
    `Cannot put "${name}" into a bundle: it changed on this machine`,
    {
      hint: "Do it once more: what is damaged is fetched anew",
    },
  );
}
