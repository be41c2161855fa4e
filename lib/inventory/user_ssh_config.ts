import { lstatSync, statSync } from "node:fs";
import { TowerError } from "../errors.ts";
import { configPath, type TowerPaths } from "../fleet/paths.ts";
import { includeConfig } from "../fleet/ssh_files.ts";
import { includeLine } from "../ssh/ssh_config.ts";
import { asByteText, bytesOfText, byteText } from "../files/byte_text.ts";
import { attempt } from "../files/file_error.ts";
import { readBytes, writeFileAtomic } from "../files/files.ts";
import { parentFolder } from "../files/folders.ts";
import { privateFolder } from "../files/private_folder.ts";
import { kindOf } from "../files/regular_file.ts";

const LIMIT = 1 << 20;
const NEW_MODE = 0o600;

/** An inventory, and its user's `~/.ssh`. */
export interface UserSshPlace extends TowerPaths {
  readonly sshFolder: string;
}

/** The user's own `~/.ssh/config`, before anything is done to it. */
type UserConfig =
  | { readonly kind: "included" }
  /** What it would be, links followed. */
  | {
    readonly kind: "missing";
    readonly path: string;
    readonly bytes: Uint8Array;
    readonly mode: number;
  }
  | { readonly kind: "untouchable"; readonly cause: string };

/** What keeps the user's own ssh from knowing the hosts, and how the user mends it; nothing does: undefined. */
export interface MissingInclude {
  readonly problem: string;
  readonly mend: string;
}

/**
 * Makes the inventory's configuration part of the user's own, where that can be written: with its
 * bytes, its mode and its links as they are. It is a foreign file: what is wrong with it is told,
 * and stops nobody.
 */
export function includeInUserConfig(place: UserSshPlace): void {
  const state = lookAt(place);
  if (state.kind !== "missing") return;
  try {
    privateFolder(parentFolder(state.path));
    writeFileAtomic(state.path, state.bytes, state.mode);
  } catch (error) {
    // missingInclude tells it to everybody who asks.
    if (!(error instanceof TowerError)) throw error;
  }
}

/** Whether the user's own ssh will not know the hosts, though it is written to. */
export function untouchableConfig(place: UserSshPlace): MissingInclude | undefined {
  const state = lookAt(place);
  return state.kind === "untouchable" ? told(place, `: ${state.cause}`) : undefined;
}

/** Whether the user's own ssh does not know the hosts now. */
export function missingInclude(place: UserSshPlace): MissingInclude | undefined {
  const state = lookAt(place);
  if (state.kind === "included") return undefined;
  return told(place, state.kind === "untouchable" ? `: ${state.cause}` : "");
}

function told(place: UserSshPlace, cause: string): MissingInclude {
  return {
    problem: `${ownConfig(place)} does not include the tower's hosts${cause}`,
    mend: `put this line first in it: ${includeLine(configPath(place))}`,
  };
}

function lookAt(place: UserSshPlace): UserConfig {
  const path = ownConfig(place);
  try {
    const own = attempt("look at", path, () => lstatSync(path, { throwIfNoEntry: false }));
    if (own === undefined) return included(place, path, new Uint8Array(), NEW_MODE);
    const state = attempt("look at", path, () => statSync(path, { throwIfNoEntry: false }));
    if (state === undefined) return untouchable("it is a link to nothing");
    if (!state.isFile()) return untouchable(`it is ${kindOf(state)}`);
    const found = included(
      place,
      Deno.realPathSync(path),
      readBytes(path, LIMIT),
      state.mode & 0o7777,
    );
    if (found.kind === "included") return found;
    return (state.mode & 0o200) === 0 ? untouchable("it is read-only") : found;
  } catch (error) {
    if (error instanceof TowerError) return untouchable(error.message);
    throw error;
  }
}

function untouchable(cause: string): UserConfig {
  return { kind: "untouchable", cause };
}

function included(place: UserSshPlace, path: string, bytes: Uint8Array, mode: number): UserConfig {
  const before = byteText(bytes);
  const paths = { folder: asByteText(place.folder) };
  const after = includeConfig(before, paths, asByteText(parentFolder(place.sshFolder)));
  return after === before
    ? { kind: "included" }
    : { kind: "missing", path, bytes: bytesOfText(after), mode };
}

function ownConfig({ sshFolder }: UserSshPlace): string {
  return `${sshFolder}/config`;
}
