import { createHash } from "node:crypto";
import type { Blob } from "../../lib/archive/entry.ts";
import { digestFromHex } from "../../lib/bytes/digest.ts";
import { TowerError } from "../../lib/errors.ts";
import { shownUrl } from "../../lib/report/shown_url.ts";
import type { Digest } from "../../lib/brand.ts";
import type { SourcePorts } from "./source.ts";

/** Most bytes of one file from outside. */
const MOST_BYTES = 16 * 2 ** 30;
const PIECE = 1 << 20;

/** A file to be brought into the store. */
export interface WantedFile {
  /** Name of the source. */
  readonly name: string;
  /** URL or absolute path; asked for only where the store has it not. */
  readonly locate: () => Promise<string>;
  readonly digest: Digest;
  /** Where it is known. */
  readonly size?: number;
}

/**
 * Brings a file into the store, unless it is there.
 *
 * @throws {TowerError} `untrusted` when it has another digest; as the fetcher does.
 */
export async function storeFile(wanted: WantedFile, ports: SourcePorts): Promise<Blob> {
  const { store } = ports;
  const { digest, size } = wanted;
  if (store.has(digest)) {
    const there = store.open(digest).size;
    if (size === undefined ? await isWhole(digest, ports) : there === size) {
      return { digest, size: there };
    }
  }
  return await fetchFile(wanted, ports);
}

/** As {@linkcode storeFile}, once all bytes are what the digest says. */
export async function storeWholeFile(wanted: WantedFile, ports: SourcePorts): Promise<Blob> {
  const file = await storeFile(wanted, ports);
  return await isWhole(file.digest, ports) ? file : await fetchFile(wanted, ports);
}

async function fetchFile(
  { name, locate, digest, size }: WantedFile,
  { fetcher, store, reporter }: SourcePorts,
): Promise<Blob> {
  const url = await locate();
  const id = `source ${name}`;
  const total = size === undefined ? {} : { total: size };
  reporter.report({ type: "step", id, title: `Load source ${name}`, ...total, unit: "bytes" });
  const writer = store.writer();
  const hash = createHash("sha256");
  try {
    const onProgress = (done: number) => reporter.report({ type: "progress", id, done, ...total });
    const options = { limit: MOST_BYTES, ...(size === undefined ? {} : { size }), onProgress };
    for await (const bytes of fetcher.stream(url, options)) {
      hash.update(bytes);
      writer.write(bytes);
    }
    const actual = digestFromHex(hash.digest("hex"));
    if (actual !== digest) throw another(name, url, digest, actual);
    const blob = writer.commit();
    reporter.report({ type: "done", id });
    return blob;
  } finally {
    writer.discard();
  }
}

function another(name: string, url: string, wanted: Digest, actual: Digest): TowerError {
  return new TowerError(
    "untrusted",
    `Cannot use source "${name}": "${shownUrl(url)}" has the digest ${actual}, not ${wanted}`,
    {
      hint: "the file changed, or the digest is another's: compare both with what its maker tells",
    },
  );
}

/** Whether a blob has the bytes that its name says. */
async function isWhole(digest: Digest, { store, breathe }: SourcePorts): Promise<boolean> {
  const hash = createHash("sha256");
  const source = store.open(digest);
  const piece = new Uint8Array(PIECE);
  for (let at = 0; at < source.size;) {
    const n = source.readAt(at, piece);
    if (n <= 0) return false;
    hash.update(piece.subarray(0, n));
    at += n;
    await breathe();
  }
  return digestFromHex(hash.digest("hex")) === digest;
}
