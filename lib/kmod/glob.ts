/**
 * Whether a shell pattern matches a whole text: `*`, `?`, `[a-z]`, `[!a]` (fnmatch(3) without
 * escapes). Time is at most the product of both lengths, whatever the pattern.
 *
 * @param stop a character that `*`, `?` and brackets never match, as `/` in paths (FNM_PATHNAME)
 */
export function matchesGlob(pattern: string, text: string, stop?: string): boolean {
  let p = 0, t = 0;
  // Where to go on when a match fails: the last star takes one character more.
  let star = -1, taken = 0;
  while (t < text.length) {
    const next = stepOf(pattern, p, text[t]!, stop);
    if (pattern[p] === "*") {
      star = p++;
      taken = t;
    } else if (next !== undefined) {
      p = next;
      t++;
    } else if (star >= 0 && text[taken] !== stop) {
      p = star + 1;
      t = ++taken;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** Whether a text has characters that only a pattern has. */
export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

/** The place after the part of the pattern at `p` that matches `c`; undefined if it does not. */
function stepOf(pattern: string, p: number, c: string, stop?: string): number | undefined {
  const part = pattern[p];
  if (part === "?") return c === stop ? undefined : p + 1;
  const end = part === "[" ? pattern.indexOf("]", p + 2) : -1;
  if (end < 0) return part === c ? p + 1 : undefined;
  const negated = pattern[p + 1] === "!" || pattern[p + 1] === "^";
  const inside = inSet(pattern.slice(p + (negated ? 2 : 1), end), c);
  return c !== stop && inside !== negated ? end + 1 : undefined;
}

function inSet(set: string, c: string): boolean {
  for (let i = 0; i < set.length; i++) {
    if (set[i + 1] === "-" && i + 2 < set.length) {
      if (set[i]! <= c && c <= set[i + 2]!) return true;
      i += 2;
    } else if (set[i] === c) return true;
  }
  return false;
}
