import { closeSync, constants, lstatSync, openSync, statSync } from "node:fs";
import { TowerError } from "../errors.ts";
import { attempt } from "../files/file_error.ts";
import { inFolderThere } from "../files/files.ts";
import { parentFolder } from "../files/folders.ts";
import { HEAD_SIZE, startsMachine } from "../boot/boot_sector.ts";
import { kindOf, openRegular } from "../files/regular_file.ts";

/** `__O_TMPFILE | O_DIRECTORY` (open(2)): the latter's number depends on the processor. */
const UNNAMED = Deno.build.arch === "aarch64" ? 0o20040000 : 0o20200000;

/**
 * Where an image file may be written: no path to anything but a regular file, in a folder that is
 * there and takes files from this user. Nothing is changed.
 *
 * @returns The path with the links of its folders followed.
 * @throws {TowerError} `conflict` for what is there and is no file; `not-found`, `permission`
 */
export function requireFilePlace(path: string): string {
  requireReplaceable(path);
  const folder = parentFolder(inFolderThere(path));
  const name = path.slice(path.lastIndexOf("/") + 1);
  const real = attempt("write", path, () => Deno.realPathSync(folder));
  attempt("write", path, () => requireTakesFiles(real));
  return [real === "/" ? "" : real, name].join("/");
}

/**
 * What is at the path of an image file may be replaced by one: nothing, a file that is empty, or an
 * image. Any other file was not meant.
 *
 * @throws {TowerError} `conflict`
 */
export function requireReplaceable(path: string): void {
  const own = attempt("look at", path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (own === undefined) return;
  const state = attempt("look at", path, () => statSync(path, { throwIfNoEntry: false }));
  if (state?.isFile()) {
    if (state.size === 0 || isImage(path)) return;
    throw new TowerError("conflict", `Cannot replace "${path}": it is no disk image`, {
      hint: "name a file that is not there yet, or remove this one first",
    });
  }
  const kind = state === undefined ? "a link to nothing" : kindOf(state);
  throw new TowerError("conflict", `Cannot write "${path}": it is ${kind}`, {
    hint: "name a file that is not there yet, or --boot-device for a device",
  });
}

function isImage(path: string): boolean {
  using file = openRegular(path);
  const head = new Uint8Array(HEAD_SIZE);
  return startsMachine(head.subarray(0, file.readAt(0, head)));
}

/** Makes a file there that never has a name: it is gone once it is closed. */
function requireTakesFiles(folder: string): void {
  try {
    closeSync(openSync(folder, UNNAMED | constants.O_RDWR, 0o600));
  } catch (error) {
    // Some file systems have no such files; who may not write at all is told that before.
    if ((error as { code?: unknown }).code !== "ENOTSUP") throw error;
  }
}
