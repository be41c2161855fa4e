import { compareBytes } from "../../format/bytes.ts";
import type { UnpackedPackage } from "../types.ts";

/** Longest glob that is looked at. */
const MAX_GLOB = 1024;

/**
 * Directories that packages bring, with a leading slash and the root, in byte order. On a fresh
 * install all of them have changed.
 */
export function directoriesOf(packages: readonly UnpackedPackage[]): string[] {
  const paths = new Set(["/"]);
  for (const { entries } of packages) {
    for (const entry of entries) if (entry.type === "directory") paths.add(`/${entry.path}`);
  }
  return [...paths].sort(compareBytes);
}

/**
 * The directories that a package's triggers match. A glob must start with `/`, or with `+/`, which
 * asks for changed directories only (apk-tools src/database.c, fire_triggers).
 */
export function triggeredBy(globs: readonly string[], directories: readonly string[]): string[] {
  const absolute = globs.map((glob) => glob.replace(/^\+/, "")).filter((g) => g.startsWith("/"));
  return directories.filter((path) => absolute.some((glob) => matchesGlob(glob, path)));
}

/** fnmatch(3) with FNM_PATHNAME: `*`, `?` and brackets never match a slash. */
export function matchesGlob(glob: string, path: string): boolean {
  if (glob.length > MAX_GLOB) return false;
  const globs = glob.split("/"), parts = path.split("/");
  return globs.length === parts.length && globs.every((g, i) => matchesPart(g, parts[i]!));
}

/** One part of a path. Only the last `*` is ever tried again, so the time stays bounded. */
function matchesPart(glob: string, text: string): boolean {
  const tokens = tokensOf(glob), characters = [...text];
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
