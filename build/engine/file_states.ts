import { join } from "@std/path";
import { type FileState, fileState, isSameState } from "../../lib/files/files.ts";

/** States of files in a folder by name, as git's index has them. */
export type FileStates = Readonly<Record<string, FileState | undefined>>;

export function statesIn(folder: string, files: readonly string[]): FileStates {
  return Object.fromEntries(files.map((file) => [file, fileState(join(folder, file))]));
}

/** Whether nobody has written one of the files since then. */
export function areUnwritten(folder: string, states: FileStates): boolean {
  return Object.entries(states).every(([file, state]) =>
    isSameState(state, fileState(join(folder, file)))
  );
}
