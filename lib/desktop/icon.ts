import { TowerError } from "../errors.ts";
import { pngIcon } from "./png_icon.ts";
import { svgIcon } from "./svg_icon.ts";

/** Most bytes of an icon's file. */
export const ICON_LIMIT = 256 << 10;

/** Where an icon lies in the theme hicolor, which all others rest on; `any` beside it, of any size. */
export const ICON_PLACES = [
  ...["16x16", "22x22", "24x24", "32x32", "48x48", "64x64", "96x96", "128x128", "256x256"],
  "scalable",
  "any",
] as const;
export type IconPlace = (typeof ICON_PLACES)[number];

/** An icon that was written anew. */
export interface Icon {
  /** As a program names it: plain. */
  readonly name: string;
  /** `scalable` for an SVG, and no other. */
  readonly place: IconPlace;
  readonly bytes: Uint8Array;
}

/**
 * The place of an icon; undefined where none is taken from there.
 * @param folder of the theme hicolor; undefined for a pixmap
 * @param format `png` or `svg`
 */
export function iconPlace(folder: string | undefined, format: string): IconPlace | undefined {
  const isScalable = format === "svg";
  if (folder === undefined) return isScalable ? "scalable" : "any";
  if (folder === "any" || isScalable !== (folder === "scalable")) return undefined;
  return ICON_PLACES.find((place) => place === folder);
}

/**
 * Checks an icon and writes it anew.
 * @throws {TowerError} `malformed`
 */
export function iconOf(name: string, place: IconPlace, bytes: Uint8Array): Icon {
  if (place === "scalable") return { name, place, bytes: svgIcon(bytes) };
  const png = pngIcon(bytes);
  if (place !== "any" && `${png.width}x${png.height}` !== place) {
    throw new TowerError("malformed", `Cannot take icon: it has ${png.width}x${png.height} pixels`);
  }
  return { name, place, bytes: png.bytes };
}
