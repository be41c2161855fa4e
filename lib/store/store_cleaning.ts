import { attempt, isMissing } from "../files/file_error.ts";
import { exists } from "../files/files.ts";
import { breathing } from "../files/interruption.ts";
import { removeStaleFolders } from "../files/session_folder.ts";
import { isUnusedSince, lockUses } from "./use_times.ts";

/** Files of a store, and their bytes. */
export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** What a store holds, or what was taken out of it. */
export interface StoreAmounts {
  readonly blobs: Amount;
  readonly notes: Amount;
  /** Temporary files: of commands that run, or of killed ones. */
  readonly unfinished: Amount;
}

export interface CleaningOptions {
  /** Milliseconds since 1970: what was used since then stays. A day ago at the latest. */
  readonly unusedSince: number;
  /** Whether only to tell what would be removed. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/**
 * Removes what was not used for long from a store, beside others that use it, and what killed
 * commands left in it.
 *
 * @returns What was there before, and what was removed, or would be.
 */
export async function cleanStore(
  folder: string,
  options: CleaningOptions,
): Promise<{ before: StoreAmounts; removed: StoreAmounts }> {
  const breathe = breathing(options.signal);
  const before = counted();
  const removed = counted();
  const parts = [["blobs", `${folder}/blobs`], ["notes", `${folder}/notes`]] as const;
  for (const [part, place] of parts) {
    for (const path of filesBelow(place)) {
      await breathe();
      const state = stateOf(path);
      if (state === undefined) continue;
      before.add(part, state.size);
      const isOld = isUnusedSince(state, options.unusedSince);
      if (isOld && (options.dryRun || removeUnused(path, folder, options.unusedSince))) {
        removed.add(part, state.size);
      }
    }
  }
  const unfinished = () => [...filesBelow(`${folder}/tmp`)].flatMap((path) => stateOf(path) ?? []);
  const found = unfinished();
  for (const { size } of found) before.add("unfinished", size);
  if (!options.dryRun && exists(`${folder}/tmp`)) {
    removeStaleFolders(`${folder}/tmp`);
    const left = unfinished();
    removed.amounts.unfinished = {
      files: Math.max(0, found.length - left.length),
      bytes: Math.max(0, bytesOf(found) - bytesOf(left)),
    };
  }
  return { before: before.amounts, removed: removed.amounts };
}

/** Looks again under the lock: somebody may have begun to use it. */
function removeUnused(path: string, folder: string, moment: number): boolean {
  using _lock = lockUses(folder, "exclusive");
  const state = stateOf(path);
  if (state === undefined || !isUnusedSince(state, moment)) return false;
  attempt("remove", path, () => Deno.removeSync(path));
  return true;
}

function counted() {
  const none: Amount = { files: 0, bytes: 0 };
  const amounts = { blobs: none, notes: none, unfinished: none };
  return {
    amounts,
    add(part: keyof StoreAmounts, size: number) {
      const { files, bytes } = amounts[part];
      amounts[part] = { files: files + 1, bytes: bytes + size };
    },
  };
}

function bytesOf(states: readonly Deno.FileInfo[]): number {
  return states.reduce((sum, { size }) => sum + size, 0);
}

/** All plain files below a folder; links and what goes away meanwhile are left out. */
function* filesBelow(folder: string): Generator<string> {
  for (const entry of entriesIn(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* filesBelow(path);
    else if (entry.isFile) yield path;
  }
}

function entriesIn(folder: string): Deno.DirEntry[] {
  return attempt("list", folder, () => {
    try {
      return [...Deno.readDirSync(folder)];
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  });
}

function stateOf(path: string): Deno.FileInfo | undefined {
  return attempt("look at", path, () => {
    try {
      return Deno.lstatSync(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  });
}
