import { createHash } from "node:crypto";
import { digestFromHex } from "../../lib/bytes/digest.ts";
import { readThrough } from "../../lib/disk/flash.ts";
import {
  type Extent,
  mappedExtents,
  sourcePieces,
  streamPieces,
} from "../../lib/disk/image_pieces.ts";
import { unpacked } from "../../lib/disk/packed_image.ts";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { openRegular, type RegularFile } from "../../lib/files/regular_file.ts";
import { compressionOf, RECORD_FILE } from "../../lib/release/file_names.ts";
import type { Artifact, Companion } from "../../lib/release/record.ts";
import type { ReleaseFolder } from "../../lib/release/release_folder.ts";

/** An artifact as a record has it, with the block map that it lists for it. */
export interface DescribedContents {
  readonly artifact: Artifact;
  readonly map: Companion | undefined;
}

/** The artifacts of which a record says more than the digest of their file. */
export function describedContents(
  artifacts: readonly Artifact[],
  companions: readonly Companion[],
): DescribedContents[] {
  return artifacts.map((artifact) => ({
    artifact,
    map: companions.find(({ kind, of }) => kind === "bmap" && of === artifact.file),
  })).filter(({ artifact, map }) => artifact.raw !== undefined || map !== undefined);
}

/**
 * Reads what is in an artifact, decompressed, and compares it with its block map, and with the size
 * and digest that the record has of it: that each file is the one of the record does not say that
 * they are of one image.
 *
 * @returns the name of the file that says something else; undefined where all agree
 * @throws {TowerError} `malformed` for a block map that cannot be read, `tool` where there is no xz
 */
export async function contradictedBy(
  folder: ReleaseFolder,
  { artifact, map }: DescribedContents,
  env: Pick<Env, "runner" | "signal">,
): Promise<string | undefined> {
  using file = openRegular(folder.at(artifact.file));
  const mapped = map && mappedExtents(folder.bytes(map.file), folder.at(map.file));
  const by = map?.file ?? RECORD_FILE;
  try {
    if (compressionOf(artifact.file) !== undefined) {
      return await isRaw(file, artifact, mapped, env) ? undefined : RECORD_FILE;
    }
    if (mapped === undefined) return undefined;
    if (mapped.size !== file.size) return by;
    await readThrough(sourcePieces(file, mapped.extents).pieces(), env.signal);
    return undefined;
  } catch (error) {
    if (error instanceof TowerError && CONTRADICTIONS.includes(error.code)) return by;
    throw error;
  }
}

/** How an image is refused that has other bytes, or more or fewer of them, or ends within a block. */
const CONTRADICTIONS: readonly string[] = ["untrusted", "malformed", "limit"];

/** Whether the record's digest is that of the decompressed bytes. @throws where the map's are not */
async function isRaw(
  file: RegularFile,
  { raw }: Artifact,
  mapped: { readonly size: number; readonly extents: readonly Extent[] } | undefined,
  { runner, signal }: Pick<Env, "runner" | "signal">,
): Promise<boolean> {
  const hash = createHash("sha256");
  let size = 0;
  const stream = async function* () {
    for await (
      const bytes of unpacked(file, runner, signal, undefined, mapped?.size ?? raw?.size)
    ) {
      if (raw) hash.update(bytes);
      size += bytes.length;
      yield bytes;
    }
  };
  if (mapped) {
    await readThrough(streamPieces(stream, mapped.size, mapped.extents).pieces(), signal);
  } else for await (const _ of stream()) signal.throwIfAborted();
  return raw === undefined ||
    (raw.size === size && raw.digest === digestFromHex(hash.digest("hex")));
}
