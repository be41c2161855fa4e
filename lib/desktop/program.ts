import { TowerError } from "../errors.ts";
import { cleanText } from "./clean_text.ts";
import { booleanOf, type DesktopEntry, stringOf } from "./desktop_entry.ts";
import { parseExec } from "./exec_line.ts";

/** A program of a host as its package's desktop entry describes it: all that is taken of that. */
export interface Program {
  /** The name of the entry's file without its ending: nothing in it means anything to a path. */
  readonly id: string;
  /** `Name`, `GenericName`, `Comment`, each also as `Name[de]`; cleaned, and never empty. */
  readonly texts: Readonly<Record<string, string>>;
  /** As a theme of icons knows it: see {@linkcode isPlainName}. */
  readonly icon?: string;
  /** The first of the specification's main ones: with several it would stand in a menu several times. */
  readonly category?: string;
  /** Whether it needs a terminal. */
  readonly terminal: boolean;
  readonly argv: readonly [string, ...string[]];
}

const TEXTS = /^(Name|GenericName|Comment)(\[[a-z]{2,3}(_[A-Z]{2})?(@[a-z]{1,20})?\])?$/;
const MOST_TEXT = 200;

/** Those by which menus are laid out. What a desktop shows under another name may be anything. */
const CATEGORIES: Readonly<Record<string, string>> = {
  Audio: "AudioVideo",
  Video: "AudioVideo",
  ...Object.fromEntries(
    [
      ...["AudioVideo", "Development", "Education", "Game", "Graphics", "Network", "Office"],
      ...["Science", "Settings", "System", "Utility"],
    ].map((name) => [name, name]),
  ),
};

/** Whether a name of a host's file may be part of one here. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}$/.test(name);
}

/**
 * What a desktop entry says of its program; undefined where it is not for a menu.
 * @throws {TowerError} `malformed`
 */
export function programOf(id: string, entry: DesktopEntry): Program | undefined {
  if (!isPlainName(id)) throw malformed("its file has another name than a program's");
  if (entry.get("Type") !== "Application") return undefined;
  // What only some desktops are to show are their own settings.
  const isHidden = ["NoDisplay", "Hidden"].some((key) => booleanOf(entry.get(key)));
  if (isHidden || entry.has("OnlyShowIn")) return undefined;
  const texts = textsOf(entry);
  const name = texts["Name"];
  if (name === undefined) throw malformed("it has no name that can be shown");
  const exec = entry.get("Exec");
  if (exec === undefined) throw malformed("it starts no program");
  const icon = iconName(entry.get("Icon"));
  const category = categoryOf(entry.get("Categories") ?? "");
  return {
    id,
    texts,
    ...icon === undefined ? {} : { icon },
    ...category === undefined ? {} : { category },
    terminal: booleanOf(entry.get("Terminal")),
    argv: parseExec(stringOf(exec), name),
  };
}

/** Those in a language alone go: the specification wants one without beside them. */
function textsOf(entry: DesktopEntry): Record<string, string> {
  const texts = [...entry].filter(([key]) => TEXTS.test(key))
    .map(([key, value]) => [key, cleanText(stringOf(value), MOST_TEXT)] as const)
    .filter(([, text]) => text !== "");
  const keys = new Set(texts.map(([key]) => key));
  return Object.fromEntries(texts.filter(([key]) => keys.has(key.replace(/\[.*/, ""))));
}

/** The name of an icon. Of a path its last part counts: the file is looked for by that in the package. */
function iconName(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const name = stringOf(value).replace(/^\/usr\/share\/.*\//, "").replace(/\.(png|svg|xpm)$/, "");
  return isPlainName(name) ? name : undefined;
}

function categoryOf(value: string): string | undefined {
  const known = value.split(";").find((name) => Object.hasOwn(CATEGORIES, name));
  return known === undefined ? undefined : CATEGORIES[known];
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read desktop entry: ${cause}`);
}
