import { join } from "@std/path";
import type { Digest } from "../../lib/brand.ts";
import { hashFileUntil } from "../../lib/files/artifact_file.ts";
import { type FileState, fileState, isSameState } from "../../lib/files/files.ts";
import { createBeside } from "../../lib/files/whole_file.ts";

/** What files of a folder were known to be, as git's index has them. */
export interface FileStates {
  readonly files: Readonly<
    Record<string, { readonly state: FileState | undefined; readonly digest: Digest }>
  >;
  /** Seconds since 1970 by the clock of the folder's file system, once all had been looked at. */
  readonly seen: number;
}

/** @param digests what the bytes of each file are */
export function statesIn(folder: string, digests: ReadonlyMap<string, Digest>): FileStates {
  const files = [...digests].map(([file, digest]) =>
    [file, { state: fileState(join(folder, file)), digest }] as const
  );
  return { files: Object.fromEntries(files), seen: clockOf(folder) };
}

/**
 * Whether nobody has written one of the files since then. Deno tells seconds of a ctime: one that was
 * changed within the second in which it was looked at, and whose mtime was set back, looks the same. Such
 * files are hashed, as git does with what it calls racily clean.
 *
 * @returns what they are known to be now, which is what was known before unless some were hashed;
 * undefined where one was written
 */
export async function unwritten(
  folder: string,
  known: FileStates,
  signal: AbortSignal,
): Promise<FileStates | undefined> {
  const now = statesOf(folder, known);
  if (now === undefined) return undefined;
  const young = Object.entries(known.files).filter(([, { state }]) =>
    secondOf(state!) >= known.seen
  );
  if (young.length === 0) return known;
  const seen = clockOf(folder);
  for (const [file, { digest }] of young) {
    if (await hashFileUntil(join(folder, file), signal) !== digest) return undefined;
  }
  return { files: now, seen };
}

function statesOf(folder: string, { files }: FileStates): FileStates["files"] | undefined {
  const isSame = Object.entries(files).every(([file, { state }]) =>
    isSameState(state, fileState(join(folder, file)))
  );
  return isSame ? files : undefined;
}

/** Another machine's file system has another clock than this one: it is asked by a file. */
function clockOf(folder: string): number {
  using file = createBeside(join(folder, "clock"));
  return secondOf(fileState(file.path)!);
}

function secondOf({ ctime }: FileState): number {
  return Number(BigInt(ctime) / 1_000_000_000n);
}
