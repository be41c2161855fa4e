import { attempt } from "./file_error.ts";
import { parentFolder } from "./folders.ts";

/**
 * Why a file or folder may be another user's doing, as sshd(8) looks at it (StrictModes): it and
 * each folder above it must belong to root or this user, and nobody else may write there. A sticky
 * folder such as /tmp counts as writable by others. Above the user's home nothing is asked: who
 * can write there has the user's keys too.
 *
 * @param path Links are followed first.
 * @returns A line for the user; undefined where all is well.
 */
export function distrusted(path: string, home: string): string | undefined {
  const homes = [home, attempt("find", home, () => realIfThere(home))];
  let at = attempt("find", path, () => Deno.realPathSync(path));
  for (;;) {
    const { uid, mode } = attempt("look at", at, () => Deno.statSync(at));
    if (uid !== 0 && uid !== Deno.uid()) return `"${at}" belongs to another user`;
    if (((mode ?? 0) & 0o022) !== 0) return `others may write to "${at}"`;
    if (at === "/" || homes.includes(at)) return undefined;
    at = parentFolder(at);
  }
}

function realIfThere(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
