import { fromFileUrl } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import { compareBytes } from "../../lib/bytes/bytes.ts";
import { readBytes, readText } from "../../lib/files/files.ts";
import { entriesOf, type FolderEntry } from "../../lib/files/folder_entries.ts";
import { EMBEDDED_SYSTEMS } from "./embedded_systems.ts";

/**
 * The folder of the systems that the program ships. In a program that is one file it is a name
 * alone, which no file of the machine can have.
 */
export const SYSTEMS = EMBEDDED_SYSTEMS
  ? "/proc/self/exe/systems"
  : fromFileUrl(new URL("../systems", import.meta.url));

/** The entries of a folder, ordered by name; those below {@linkcode SYSTEMS} are the program's. */
export function systemEntries(folder: string): FolderEntry[] {
  const inside = pathInside(folder);
  if (inside === undefined) return entriesOf(folder);
  const start = inside === "" ? "" : `${inside}/`;
  const rests = Object.keys(EMBEDDED_SYSTEMS!).filter((path) => path.startsWith(start))
    .map((path) => path.slice(start.length));
  if (rests.length === 0) throw missing(folder);
  const types = new Map(rests.map((rest) => {
    const [name = "", ...more] = rest.split("/");
    return [name, more.length > 0 ? "directory" : "file"] as const;
  }));
  return [...types].sort(([a], [b]) => compareBytes(a, b)).map(([name, type]) => ({ name, type }));
}

/** A file's bytes, as {@linkcode readBytes} gives them. */
export function systemBytes(path: string, limit: number): Uint8Array {
  const text = embeddedText(path);
  return text === undefined ? readBytes(path, limit) : new TextEncoder().encode(text);
}

/** A file as text, as {@linkcode readText} gives it. */
export function systemText(path: string, limit: number): string {
  return embeddedText(path) ?? readText(path, limit);
}

function embeddedText(path: string): string | undefined {
  const inside = pathInside(path);
  if (inside === undefined) return undefined;
  if (!Object.hasOwn(EMBEDDED_SYSTEMS!, inside)) throw missing(path);
  return EMBEDDED_SYSTEMS![inside];
}

/** Where a path lies among the program's own files; undefined for the machine's. */
function pathInside(path: string): string | undefined {
  if (!EMBEDDED_SYSTEMS) return undefined;
  if (path === SYSTEMS) return "";
  return path.startsWith(`${SYSTEMS}/`) ? path.slice(SYSTEMS.length + 1) : undefined;
}

function missing(path: string): TowerError {
  return new TowerError("not-found", `Cannot read "${path}": there is no such file or folder`);
}
