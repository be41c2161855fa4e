import type { DiskSpec, OutputSpec } from "./schema.ts";

/** Name of the record's file, beside the artifacts. */
export const RECORD_FILE = "record.json";
/** Name of the file with the digests of all others, as sha256sum(1) reads it. */
export const SUMS_FILE = "SHA256SUMS";
/** What signing adds to the name of a signed file, as ssh-keygen -Y sign does. */
export const SIGNATURE_SUFFIX = ".sig";

/** Names that a build takes for itself in the folder of the artifacts. */
export const OWN_FILES: readonly string[] = [
  RECORD_FILE,
  RECORD_FILE + SIGNATURE_SUFFIX,
  SUMS_FILE,
  SUMS_FILE + SIGNATURE_SUFFIX,
];

const SUFFIX = { none: "", gzip: ".gz", zstd: ".zst", xz: ".xz" } as const;

/** The name of a disk image as it lies in the folder, with the suffix of its compression. */
export function imageFile({ file, compression }: Pick<DiskSpec, "file" | "compression">): string {
  return file + SUFFIX[compression];
}

/** The block map of a disk image, named so that bmaptool finds it for any compression. */
export function bmapFile(image: string): string {
  return `${image.replace(/\.(gz|zst|xz)$/, "")}.bmap`;
}

/** The listing of a system's tree. */
export function treeFile(system: string): string {
  return `${system}.tree.json`;
}

/** The files that an output makes. */
export function filesOf(spec: OutputSpec): string[] {
  return spec.kind === "disk" ? [imageFile(spec), bmapFile(imageFile(spec))] : [spec.file];
}

/** Whether a build of the system needs this name itself. */
export function isOwnFile(system: string, file: string): boolean {
  return OWN_FILES.includes(file) || file === treeFile(system) || file.endsWith(".lock.json");
}
