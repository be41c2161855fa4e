import type { Env } from "../env.ts";
import { TowerError } from "../errors.ts";
import { isZoneName, layoutsIn, nearestName, nearestZone } from "../locale/names.ts";
import { exists, isFolder, listDir, readText } from "../files/files.ts";
import { openRegular } from "../files/regular_file.ts";
import type { HostWish, Locale } from "./request.ts";

const LIMIT = 1 << 20;

/**
 * Looks at what a host would refuse at its first boot, as far as this machine can tell: a time zone
 * that is none, a keyboard layout that neither the console nor X has here.
 *
 * @throws {TowerError} `usage` with the option, and what may have been meant.
 */
export function requireKnownPlace(
  { name, locale }: HostWish,
  { share }: Pick<Env, "share">,
): void {
  const problems = placeFaults(locale, share).map((fault) => `--${fault}`);
  if (problems.length === 0) return;
  throw new TowerError("usage", `Cannot provision "${name}":\n  ${problems.join("\n  ")}`, {
    hint: "What is not given is taken from this machine: name it on the command line",
  });
}

/**
 * What of a place does not exist, each fault with the name of its option first and what may have been meant.
 * @param share /usr/share
 */
export function placeFaults(
  { timezone, keyboardLayout }: Pick<Locale, "timezone" | "keyboardLayout">,
  share: string,
): string[] {
  const problems: string[] = [];
  const blame = (option: string, value: string, says: string, meant: string | undefined) =>
    problems.push(
      `${option} "${value}" ${says}${meant === undefined ? "" : `; did you mean ${meant}?`}`,
    );
  if (!isZoneName(timezone) && !isZoneFile(`${share}/zoneinfo/${timezone}`)) {
    blame("timezone", timezone, "is not in the time zone database", nearestZone(timezone));
  }
  const layouts = layoutsOf(share);
  if (layouts && !layouts.includes(keyboardLayout)) {
    const meant = nearestName(keyboardLayout, layouts);
    blame("keyboard-layout", keyboardLayout, "is no keyboard layout", meant);
  }
  return problems;
}

/** A database that is newer than this program's knows more. */
function isZoneFile(path: string): boolean {
  if (!exists(path) || isFolder(path)) return false;
  using file = openRegular(path);
  const magic = new Uint8Array(4);
  return file.readAt(0, magic) === 4 && new TextDecoder().decode(magic) === "TZif";
}

/** Names of layouts: those of Alpine's console, else all of X; undefined where neither is here. */
export function layoutsOf(share: string): readonly string[] | undefined {
  const [console, x] = [`${share}/bkeymaps`, `${share}/X11/xkb/rules/base.lst`];
  if (isFolder(console)) return listDir(console);
  return exists(x) ? layoutsIn(readText(x, LIMIT)) : undefined;
}
