import { createHash } from "node:crypto";
import type { Digest } from "../brand.ts";
import { type ByteSource, concat } from "../bytes/bytes.ts";
import { digestFromHex, hexOf } from "../bytes/digest.ts";
import { TowerError } from "../errors.ts";
import { padding, tarEnd } from "../format/tar.ts";
import { BLOCK, blockNumber } from "../format/tar_block.ts";
import { formatSums } from "../release/sums.ts";
import { byteText, readSumsLines, SUMS_LIMIT } from "../release/sums_lines.ts";
import type { PublicKey } from "../ssh_signature/public_key.ts";
import { FILE_NAMESPACE, signerOf, verifyMessage } from "../ssh_signature/signature.ts";
import { fingerprint } from "../ssh_signature/public_key.ts";
import { type BundleDocument, DOCUMENT_FILE, parseDocument } from "./document.ts";
import { HEAD_FILES, headerOf, indexName, MOST_BYTES, partOf } from "./layout.ts";

const CHUNK = 256 << 10;
const SIGNATURE_LIMIT = 64 << 10;
const DOCUMENT_LIMIT = 4 << 20;

/** A file in a bundle. */
export interface PlacedFile {
  readonly offset: number;
  readonly size: number;
  readonly digest: Digest;
}

/** A bundle whose list of digests was signed, and whose files lie where they must. */
export interface Bundle {
  readonly document: BundleDocument;
  /** Fingerprint of the key that signed it. */
  readonly signer: string;
  /** By name, in the order of their bytes. */
  readonly files: ReadonlyMap<string, PlacedFile>;
  /**
   * The bytes of one of its files. A piece is valid until the next one.
   * @throws {TowerError} `untrusted` at its end, where it is not what was signed
   */
  read(name: string): Generator<Uint8Array>;
}

/**
 * Reads a bundle. Nothing of it is looked at but two bounded files before its signature was found to be good;
 * then every byte must be as {@linkcode bundlePieces} writes it, contents when they are read.
 *
 * @param what for messages: its path in quotes
 * @param keys Those that may sign; undefined takes whoever signed, to be told.
 * @throws {TowerError} `untrusted`, `malformed`, `limit`
 */
export function readBundle(
  source: ByteSource,
  what: string,
  keys: readonly PublicKey[] | undefined,
): Bundle {
  const reader = new Reader(source, what);
  const [sumsFile, signatureFile] = HEAD_FILES;
  const sums = reader.whole(reader.next(sumsFile, SUMS_LIMIT));
  const text = byteText(reader.whole(reader.next(signatureFile, SIGNATURE_LIMIT)));
  const signer = keys === undefined
    ? signerOf(text, what, sums, FILE_NAMESPACE)
    : fingerprint(verifyMessage(text, what, sums, { namespace: FILE_NAMESPACE, keys }).blob);
  const files = new Map<string, PlacedFile>();
  for (const { name, digest } of namedFiles(sums, reader)) {
    files.set(name, { ...reader.next(name, MOST_BYTES), digest });
  }
  reader.end();
  const read = (name: string) => reader.checked(name, files.get(name)!);
  const document = documentOf(files, read, what);
  requirePlaces(document, files, reader);
  return { document, signer, files, read };
}

/** The lines of the list of digests, in the one way that a bundle writes it. */
function namedFiles(sums: Uint8Array, reader: Reader): { name: string; digest: Digest }[] {
  const lines = readSumsLines(sums, HEAD_FILES[0]).map(({ name, hex }) => {
    const digest = digestFromHex(hex);
    if (partOf(name) === undefined) throw reader.malformed("it has a file that no bundle has");
    return { name, file: name, digest };
  });
  if (
    formatSums(lines) === byteText(sums) && new Set(lines.map((l) => l.name)).size === lines.length
  ) {
    return lines;
  }
  throw reader.malformed("its list of digests is not in order");
}

function documentOf(
  files: ReadonlyMap<string, PlacedFile>,
  read: (name: string) => Generator<Uint8Array>,
  what: string,
): BundleDocument {
  const size = files.get(DOCUMENT_FILE)?.size;
  if (size === undefined || size > DOCUMENT_LIMIT) {
    throw new TowerError("malformed", `Cannot read ${what}: it does not say what it is for`);
  }
  const bytes = concat(Array.from(read(DOCUMENT_FILE), (piece) => piece.slice()));
  return parseDocument(new TextDecoder().decode(bytes), `"${DOCUMENT_FILE}" of ${what}`);
}

/** Each repository has its index, and each file its repository. */
function requirePlaces(
  { repositories }: BundleDocument,
  files: ReadonlyMap<string, PlacedFile>,
  reader: Reader,
): void {
  for (const [i, { arch }] of repositories.entries()) {
    if (!files.has(indexName(i, arch))) throw reader.malformed(`it lacks "${indexName(i, arch)}"`);
  }
  for (const name of files.keys()) {
    const part = partOf(name);
    if (part?.kind !== "file" || repositories[part.repository]?.arch === part.arch) continue;
    throw reader.malformed(`"${name}" is of no repository that it names`);
  }
}

class Reader {
  #at = 0;

  constructor(private readonly source: ByteSource, private readonly what: string) {}

  malformed(cause: string): TowerError {
    return new TowerError("malformed", `Cannot read ${this.what}: ${cause}`);
  }

  /** Where the next file lies, which must be this one. */
  next(name: string, limit: number): { readonly offset: number; readonly size: number } {
    const block = this.#exact(this.#at, BLOCK);
    const size = /^[0-7]{11}$/.test(byteText(block.subarray(124, 135)))
      ? blockNumber(block, 124, 12)
      : -1;
    if (size < 0 || !isSame(block, headerOf(name, size))) {
      throw this.malformed(`it is no bundle, or "${name}" is not where it must be`);
    }
    if (size > limit) {
      const message = `Cannot read ${this.what}: its "${name}" has more than ${limit} bytes`;
      throw new TowerError("limit", message);
    }
    const offset = this.#at + BLOCK, filling = padding(size);
    this.#at = offset + size + filling.length;
    if (this.#at > this.source.size) throw this.malformed("it is cut off");
    if (isSame(this.#exact(offset + size, filling.length), filling)) return { offset, size };
    throw this.malformed(`bytes follow "${name}"`);
  }

  /** Nothing follows the last file but what ends a tar. */
  end(): void {
    const end = tarEnd();
    const found = this.#exact(this.#at, end.length);
    if (isSame(found, end) && this.#at + end.length === this.source.size) return;
    throw this.malformed("more follows than its list of digests names");
  }

  /** A small file. */
  whole({ offset, size }: { readonly offset: number; readonly size: number }): Uint8Array {
    return this.#exact(offset, size);
  }

  *checked(name: string, { offset, size, digest }: PlacedFile): Generator<Uint8Array> {
    const hash = createHash("sha256"), chunk = new Uint8Array(Math.min(CHUNK, size));
    for (let at = 0; at < size;) {
      const n = this.source.readAt(offset + at, chunk.subarray(0, Math.min(CHUNK, size - at)));
      if (n === 0) throw this.malformed("it became shorter");
      at += n;
      hash.update(chunk.subarray(0, n));
      yield chunk.subarray(0, n);
    }
    if (hash.digest("hex") === hexOf(digest)) return;
    const cause = `"${name}" is not the one that was signed`;
    throw new TowerError("untrusted", `Cannot trust ${this.what}: ${cause}`);
  }

  #exact(offset: number, length: number): Uint8Array {
    if (offset + length > this.source.size) throw this.malformed("it is cut off");
    const bytes = new Uint8Array(length);
    for (let done = 0, n; done < length; done += n) {
      n = this.source.readAt(offset + done, bytes.subarray(done));
      if (n === 0) throw this.malformed("it became shorter");
    }
    return bytes;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
