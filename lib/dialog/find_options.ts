import type { Option } from "./page.ts";
import { plainText } from "./plain_text.ts";

/**
 * The options that have every word of what was typed, in any case of letters; first those whose label is
 * that, then those whose label begins so, then those with a word that does.
 */
export function findOptions(options: readonly Option[], search: string): readonly Option[] {
  const words = folded(search).split(" ").filter((word) => word !== "");
  if (words.length === 0) return options;
  const wanted = words.join(" ");
  const ranked = options.flatMap((option) => {
    const [label, all] = [
      folded(option.label),
      ` ${folded(`${option.label} ${option.note ?? ""}`)}`,
    ];
    if (!words.every((word) => all.includes(word))) return [];
    const rank = label === wanted
      ? 0
      : label.startsWith(wanted)
      ? 1
      : words.every((word) => all.includes(` ${word}`))
      ? 2
      : 3;
    return [{ option, rank }];
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ option }) => option);
}

/** Names such as America/New_York are found by their words. */
function folded(text: string): string {
  return plainText(text).toLowerCase().replaceAll(/[^a-z0-9]+/g, " ").trim();
}
