import { TowerError } from "../errors.ts";

/** The cards whose lines are the tower's, cabled either way. */
const OWN = ["lo", "eth0", "eth1"];

/**
 * What of an interfaces(5) file is not the tower's: stanzas of other cards, and what it includes.
 * Comments stay with the stanza that they stand in or before.
 */
export function foreignStanzas(text: string): string[] {
  const kept: string[] = [];
  let between: string[] = [];
  let isOwn = true;
  for (const line of text.split("\n")) {
    const words = line.trim().split(/[ \t]+/);
    const [keyword = ""] = words;
    if (keyword === "" || keyword.startsWith("#")) {
      between.push(line);
      continue;
    }
    let shown: string | undefined = line;
    if (/^(auto|allow-.*)$/.test(keyword)) {
      const others = words.slice(1).filter((name) => !OWN.includes(name));
      isOwn = others.length === 0;
      if (others.length < words.length - 1) shown = [keyword, ...others].join(" ");
    } else if (/^(iface|mapping)$/.test(keyword)) {
      isOwn = OWN.includes(words[1] ?? "");
    } else if (
      /^(source|source-directory|template|no-auto-down|no-scripts|rename)$/.test(keyword)
    ) {
      isOwn = false;
    }
    if (!isOwn) kept.push(...between, shown);
    between = [];
  }
  return trimmed(kept);
}

/** The lines of an /etc/mactab (nameif(8)) that name cards other than these. */
export function foreignNames(text: string, macs: readonly string[]): string[] {
  return trimmed(
    text.split("\n").filter((line) => {
      const [name = "", mac = ""] = line.trim().split(/[ \t]+/);
      return name === "" || name.startsWith("#") ||
        !OWN.includes(name) && !macs.includes(mac.toLowerCase());
    }),
  );
}

/** What is no text here would be written back as something else. @throws {TowerError} */
export function requireText(text: string, path: string): void {
  if (!text.includes("\ufffd")) return;
  throw new TowerError("malformed", `Cannot change "${path}": it is no UTF-8 text`);
}

function trimmed(lines: readonly string[]): string[] {
  const isBlank = (line: string) => line.trim() === "";
  const first = lines.findIndex((line) => !isBlank(line));
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex((line) => !isBlank(line)) + 1);
}
