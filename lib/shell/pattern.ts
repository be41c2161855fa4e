import { compareBytes } from "../bytes/bytes.ts";

/** Longest pattern that is looked at. */
const MAX_PATTERN = 1024;

/** fnmatch(3) with FNM_PATHNAME: `*`, `?` and brackets never match a slash. */
export function matchesPath(pattern: string, path: string): boolean {
  if (pattern.length > MAX_PATTERN) return false;
  const patterns = pattern.split("/"), parts = path.split("/");
  return patterns.length === parts.length && patterns.every((p, i) => matchesText(p, parts[i]!));
}

/** fnmatch(3) without flags. Only the last `*` is ever tried again, so the time stays bounded. */
export function matchesText(pattern: string, text: string): boolean {
  if (pattern.length > MAX_PATTERN) return false;
  const tokens = tokensOf(pattern), characters = [...text];
  let t = 0, c = 0, star = -1, retry = 0;
  while (c < characters.length) {
    const token = tokens[t];
    if (token === "*") {
      star = t++;
      retry = c;
    } else if (token !== undefined && token(characters[c]!)) {
      t++;
      c++;
    } else if (star >= 0) {
      t = star + 1;
      c = ++retry;
    } else return false;
  }
  while (tokens[t] === "*") t++;
  return t === tokens.length;
}

/** A text with a backslash before each character that a pattern would take for more. */
export function quotePattern(text: string): string {
  return text.replace(/[\\*?[\]!^-]/g, "\\$&");
}

type Token = "*" | ((character: string) => boolean);

function tokensOf(glob: string): Token[] {
  const characters = [...glob], tokens: Token[] = [];
  for (let i = 0; i < characters.length; i++) {
    const c = characters[i]!;
    if (c === "*") tokens.push("*");
    else if (c === "?") tokens.push(() => true);
    else if (c === "[" && bracketEnd(characters, i) > 0) {
      const end = bracketEnd(characters, i);
      tokens.push(bracket(characters.slice(i + 1, end)));
      i = end;
    } else {
      const literal = c === "\\" && i + 1 < characters.length ? characters[++i]! : c;
      tokens.push((x) => x === literal);
    }
  }
  return tokens;
}

/** Where the bracket that starts at `start` ends; 0 where it does not. */
function bracketEnd(characters: readonly string[], start: number): number {
  const negated = characters[start + 1] === "!" || characters[start + 1] === "^";
  return Math.max(0, characters.indexOf("]", start + (negated ? 3 : 2)));
}

function bracket(inside: readonly string[]): (character: string) => boolean {
  const negated = inside[0] === "!" || inside[0] === "^";
  const set = negated ? inside.slice(1) : inside;
  return (x) => {
    let found = false;
    for (let i = 0; i < set.length; i++) {
      if (set[i + 1] === "-" && i + 2 < set.length) {
        found ||= compareBytes(set[i]!, x) <= 0 && compareBytes(x, set[i + 2]!) <= 0;
        i += 2;
      } else found ||= set[i] === x;
    }
    return found !== negated;
  };
}
