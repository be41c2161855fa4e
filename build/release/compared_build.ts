import { TowerError } from "../../lib/errors.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { hashFileUntil } from "../../lib/files/artifact_file.ts";
import { exists, isFolder, readBytes, readText } from "../../lib/files/files.ts";
import { basename, dirname, join, resolve } from "@std/path";
import { RECORD_FILE } from "../../lib/release/file_names.ts";
import { ROOT_TREE } from "../../lib/tree/root_tree.ts";
import { type BuildRecord, type Companion, parseRecord } from "../../lib/release/record.ts";
import type { ComparedBuild } from "../supply/compare.ts";
import type { Tree } from "../supply/tree_views.ts";
import { parseTreeListing } from "../supply/tree_listing.ts";

const RECORD_LIMIT = 64 << 20;
const LISTING_LIMIT = 512 << 20;

/**
 * Whether arguments of `diff` are images, to be compared by what they hold: files, or places in them,
 * one of which has no record beside it.
 *
 * @param contents Whether the user says so.
 */
export function areImages(
  asked: readonly string[],
  contents: boolean,
  cwd: string,
): boolean {
  const paths = asked.map((path) => resolve(cwd, path));
  if (contents) return true;
  if (paths.some((path) => isFolder(path) || path.endsWith(".json"))) return false;
  const hasRecord = (path: string) =>
    !exists(path) ? !path.includes(":") : exists(join(dirname(path), RECORD_FILE));
  return !paths.every(hasRecord);
}

/**
 * Reads a build to compare.
 *
 * @param path a folder with a record, a record, or an artifact with its record beside it
 * @throws {TowerError} `not-found`, `malformed`; `stale` for an artifact or a listing that is not
 * the one of the record
 */
export async function readComparedBuild(
  path: string,
  signal: AbortSignal,
): Promise<ComparedBuild> {
  if (!exists(path)) throw new TowerError("not-found", `Cannot compare "${path}": it is not there`);
  if (isFolder(path)) return readRecord(join(path, RECORD_FILE));
  if (path.endsWith(".json")) return readRecord(path);
  const beside = join(dirname(path), RECORD_FILE);
  if (!exists(beside)) {
    throw new TowerError(
      "not-found",
      `Cannot compare "${path}": no ${RECORD_FILE} lies beside it`,
      {
        hint: `name a folder that tower-build wrote, its ${RECORD_FILE}, or an image in it`,
      },
    );
  }
  const build = readRecord(beside);
  await requireArtifact(path, build.record, signal);
  return build;
}

function readRecord(file: string): ComparedBuild {
  const record = parseRecord(readText(file, RECORD_LIMIT), file);
  const listings = record.companions.filter(({ kind }) => kind === "tree");
  const trees = listings.map((listing) =>
    [listing.tree ?? ROOT_TREE, readListing(join(dirname(file), listing.file), listing)] as const
  );
  return { record, trees: new Map(trees) };
}

function readListing(path: string, { digest }: Companion): Tree | undefined {
  if (!exists(path)) return undefined;
  const bytes = readBytes(path, LISTING_LIMIT);
  if (digestOf(bytes) !== digest) {
    throw new TowerError("stale", `Cannot compare "${path}": it is not the listing of the record`);
  }
  return parseTreeListing(new TextDecoder().decode(bytes), path);
}

async function requireArtifact(
  path: string,
  record: BuildRecord,
  signal: AbortSignal,
): Promise<void> {
  const artifact = record.artifacts.find((a) => a.file === basename(path));
  if (artifact?.digest === await hashFileUntil(path, signal)) return;
  const cause = artifact
    ? "it changed since it was built"
    : "the record beside it names no such file";
  throw new TowerError("stale", `Cannot compare "${path}": ${cause}`);
}
