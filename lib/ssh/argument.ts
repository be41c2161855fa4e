import { TowerError } from "../errors.ts";

/**
 * A value as ssh_config(5) and `-o` read it back as one argument: in double quotes where blanks,
 * quotes, backslashes or `#` would split or end it (OpenSSH misc.c, argv_split, since 8.7).
 *
 * @throws {TowerError} `usage` for control characters, which cannot be written in a line.
 */
export function quoteArgument(value: string): string {
  if (/[\x00-\x1f\x7f]/.test(value)) {
    throw new TowerError("usage", `Cannot give ssh "${value}": it has a control character`);
  }
  return value !== "" && /^[^\s"'\\#=]+$/.test(value)
    ? value
    : `"${value.replace(/["\\]/g, (c) => `\\${c}`)}"`;
}

/**
 * A path for an option that expands `%` tokens, `~` and `${NAME}` (ssh_config(5), TOKENS).
 *
 * @throws {TowerError} `usage` for a path that is not absolute, has control characters or `${`,
 * which nothing can escape.
 */
export function pathArgument(path: string): string {
  if (!path.startsWith("/") || path.includes("${")) {
    throw new TowerError("usage", `Cannot give ssh the path "${path}"`, {
      hint: "it must be absolute and without ${",
    });
  }
  return quoteArgument(path.replaceAll("%", "%%"));
}

/** The arguments of a line after its keyword; undefined where quotes do not end. */
export function splitArguments(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (
      c === "\\" && /["'\\]/.test(text[i + 1] ?? "") || quote === "" && text.startsWith("\\ ", i)
    ) {
      word = (word ?? "") + text[++i];
    } else if (quote !== "" ? c === quote : c === '"' || c === "'") {
      quote = quote === "" ? c : "";
      word ??= "";
    } else if (quote === "" && (c === " " || c === "\t")) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (quote === "" && word === undefined && c === "#") {
      return words;
    } else {
      word = (word ?? "") + c;
    }
  }
  if (quote !== "") return undefined;
  return word === undefined ? words : [...words, word];
}
