import { entriesOf } from "../apk/entry_table.ts";
import type { PackageEntry } from "../apk/package_entry.ts";
import type { UnpackedPackage } from "../apk/types.ts";
import { TowerError } from "../errors.ts";
import { bytesOf } from "../tree/content.ts";
import type { ContentReader } from "../tree/entry.ts";
import { ENTRY_LIMIT, parseDesktopEntry } from "./desktop_entry.ts";
import { type Icon, ICON_LIMIT, iconOf, iconPlace } from "./icon.ts";
import { type Program, programOf } from "./program.ts";

const MOST_PROGRAMS = 64;
const MOST_ICONS = 64;

/** Where a package's entries and icons are read from, and who is told what is not taken. */
export interface PackageReading {
  readonly reader: ContentReader;
  /** @param path of the package's file */
  readonly refused: (path: string, error: TowerError) => void;
}

/** The programs that a package brings for menus. Links are not followed. */
export function programsIn(unpacked: UnpackedPackage, reading: PackageReading): Program[] {
  const pattern = /^usr\/share\/applications\/([^/]+)\.desktop$/;
  return taken(unpacked, pattern, MOST_PROGRAMS, ENTRY_LIMIT, reading, (bytes, [, id]) => {
    return programOf(id!, parseDesktopEntry(bytes));
  });
}

/** The icons of these names that a package brings: nothing else of it is looked at. */
export function iconsIn(
  unpacked: UnpackedPackage,
  names: ReadonlySet<string>,
  reading: PackageReading,
): Icon[] {
  const pattern = /^usr\/share\/(icons\/hicolor\/([^/]+)\/apps|pixmaps)\/([^/]+)\.(png|svg)$/;
  const wanted = ([, , place, name, format]: RegExpExecArray) =>
    names.has(name!) && iconPlace(place, format!) !== undefined;
  return taken(unpacked, pattern, MOST_ICONS, ICON_LIMIT, reading, (bytes, found) => {
    const [, , place, name, format] = found;
    return iconOf(name!, iconPlace(place, format!)!, bytes);
  }, wanted);
}

function taken<T>(
  { data, entries }: UnpackedPackage,
  pattern: RegExp,
  most: number,
  limit: number,
  { reader, refused }: PackageReading,
  take: (bytes: Uint8Array, found: RegExpExecArray) => T | undefined,
  wanted: (found: RegExpExecArray) => boolean = () => true,
): T[] {
  const all: T[] = [];
  for (const entry of entriesOf(entries)) {
    const found = pattern.exec(entry.path);
    if (found === null || entry.type !== "file" || !wanted(found)) continue;
    try {
      requireBounds(entry, limit, all.length < most);
      const { offset, size, sha256 } = entry;
      const content = { kind: "span", blob: data, offset, size, sha256: sha256! } as const;
      const one = take(bytesOf(reader, content, limit), found);
      if (one !== undefined) all.push(one);
    } catch (error) {
      if (!(error instanceof TowerError) || error.code === "damaged") throw error;
      refused(entry.path, error);
    }
  }
  return all;
}

function requireBounds({ size }: PackageEntry, limit: number, isRoom: boolean): void {
  if (!isRoom) throw new TowerError("limit", "Cannot take more files of this kind from a package");
  if (size > limit) throw new TowerError("limit", `Cannot take ${size} bytes: ${limit} is most`);
}
