import { COLORS } from "./rules.ts";

/** TowerOS' names of the colours, in the order in which hosts get them. */
export const COLOR_NAMES = [
  "White",
  "Red",
  "Green",
  "Yellow",
  "Blue",
  "Magenta",
  "Cyan",
  "Light gray",
  "Light red",
  "Light green",
  "Light yellow",
  "Light blue",
  "Light magenta",
  "Light cyan",
] as const;

/** The same, each one word: `light-gray`. */
export const COLOR_WORDS = COLOR_NAMES.map((name) => wordOf(name));

/** The ANSI code of a colour, by TowerOS' name or its word, in any case. */
export function colorCode(name: string): number | undefined {
  const at = COLOR_WORDS.indexOf(wordOf(name));
  return COLORS[at];
}

export function colorName(code: number | undefined): string {
  return COLOR_NAMES[COLORS.findIndex((c) => c === code)] ?? "White";
}

function wordOf(name: string): string {
  return name.toLowerCase().replace(" ", "-");
}
