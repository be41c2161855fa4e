import { ROOT_TREE } from "../tree/root_tree.ts";

/** Name of the record's file, beside the artifacts. */
export const RECORD_FILE = "record.json";
/** Name of the file with the digests of all others, as sha256sum(1) reads it. */
export const SUMS_FILE = "SHA256SUMS";
/** What signing adds to the name of a signed file, as ssh-keygen -Y sign does. */
export const SIGNATURE_SUFFIX = ".sig";

/** The files of a build that are signed: together they name every other by its digest. */
export const SIGNED_FILES = [SUMS_FILE, RECORD_FILE] as const;

/** Names that a build takes for itself in the folder of the artifacts. */
export const OWN_FILES: readonly string[] = [
  RECORD_FILE,
  RECORD_FILE + SIGNATURE_SUFFIX,
  SUMS_FILE,
  SUMS_FILE + SIGNATURE_SUFFIX,
];

const SUFFIXES = { gzip: ".gz", zstd: ".zst", xz: ".xz" } as const;

/** How an image may be compressed. */
export type Compression = keyof typeof SUFFIXES;

/** The name of a disk image as it lies in the folder, with the suffix of its compression. */
export function imageFile(raw: string, compression: Compression | "none"): string {
  return compression === "none" ? raw : raw + SUFFIXES[compression];
}

/** What an image's name, or path, says of its compression; undefined for a plain image. */
export function compressionOf(image: string): Compression | undefined {
  return (Object.keys(SUFFIXES) as Compression[]).find((kind) => image.endsWith(SUFFIXES[kind]));
}

/** The name, or path, of the plain image that a compressed one holds; a plain one's own. */
export function rawFile(image: string): string {
  const compression = compressionOf(image);
  return compression === undefined ? image : image.slice(0, -SUFFIXES[compression].length);
}

/** The block map of a disk image, named so that bmaptool finds it for any compression. */
export function bmapFile(image: string): string {
  return `${rawFile(image)}.bmap`;
}

/** The listing of a tree of a system. */
export function treeFile(system: string, tree: string): string {
  return tree === ROOT_TREE ? `${system}.tree.json` : `${system}.${tree}.tree.json`;
}
