// As a namespace: a Deno that has no zstd (2.4, in tests of the compiled program) would else refuse
// to load the module.
import * as zlib from "node:zlib";
import { TowerError } from "../errors.ts";
import { type ByteSource, memorySource, readExactly } from "../bytes/bytes.ts";

/** Most bytes that a module or firmware file unpacks to; the largest in the wild are near 60 MB. */
const MAX_UNPACKED = 128 << 20;

/** How a module file is packed, by its name as kmod does it. */
export type ModulePacking = "none" | "gzip" | "zstd" | "xz";

const PACKINGS: readonly [suffix: string, packing: ModulePacking][] = [
  [".ko", "none"],
  [".ko.gz", "gzip"],
  [".ko.zst", "zstd"],
  [".ko.xz", "xz"],
];

/** The packing that a file name tells, or undefined where it is no module. */
export function packingOf(fileName: string): ModulePacking | undefined {
  return PACKINGS.find(([suffix]) => fileName.length > suffix.length && fileName.endsWith(suffix))
    ?.[1];
}

/**
 * The bytes of a module without its packing.
 *
 * @throws {TowerError} `unsupported` for xz, which the runtime cannot unpack; `malformed`.
 */
export function unpackModule(source: ByteSource, packing: ModulePacking): ByteSource {
  if (packing === "none") return source;
  if (packing === "xz") {
    throw new TowerError("unsupported", "Cannot unpack module: it is compressed with xz", {
      hint: "Use a kernel whose modules are plain, gzip or zstd",
    });
  }
  if (source.size > MAX_UNPACKED) {
    throw new TowerError("limit", `Cannot unpack module: it has more than ${MAX_UNPACKED} bytes`);
  }
  const packed = readExactly(source, 0, source.size);
  const unpack = packing === "gzip" ? zlib.gunzipSync : zlib.zstdDecompressSync;
  try {
    return memorySource(unpack(packed, { maxOutputLength: MAX_UNPACKED }));
  } catch (cause) {
    throw new TowerError("malformed", `Cannot unpack module: its ${packing} data is broken`, {
      cause,
    });
  }
}
