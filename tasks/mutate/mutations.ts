import { stripTypeScriptTypes } from "node:module";
import { codeOf, lineAt } from "../imports/source_text.ts";

/** A source with one place changed. */
export interface Mutation {
  /** Offset of the first character that is replaced. */
  readonly start: number;
  /** Offset after the last one. */
  readonly end: number;
  readonly text: string;
  /** What was done, such as `comparison`. */
  readonly kind: string;
}

/** Replacements of operators and words; deno fmt puts blanks around each operator. */
const SWAPS: readonly (readonly [kind: string, pattern: RegExp, ...texts: string[]])[] = [
  ["comparison", / === /g, " !== "],
  ["comparison", / !== /g, " === "],
  ["comparison", / < /g, " <= ", " >= "],
  ["comparison", / <= /g, " < "],
  ["comparison", / > /g, " >= ", " <= "],
  ["comparison", / >= /g, " > "],
  ["logic", / && /g, " || "],
  ["logic", / \|\| /g, " && "],
  ["negation removed", /(?<=[\s([{,=&|?:!.])!(?=[\w(\[#])/g, ""],
  ["arithmetic", / \+ /g, " - "],
  ["arithmetic", / - /g, " + "],
  ["arithmetic", / \* /g, " / "],
  ["arithmetic", / \+= /g, " -= "],
  ["arithmetic", / -= /g, " += "],
  ["boolean", /\btrue\b/g, "false"],
  ["boolean", /\bfalse\b/g, "true"],
  ["some or every", /\.some\(/g, ".every("],
  ["some or every", /\.every\(/g, ".some("],
  ["least or most", /\bMath\.min\(/g, "Math.max("],
  ["least or most", /\bMath\.max\(/g, "Math.min("],
  ["jump removed", /\b(?:break|continue);/g, ";"],
];

const NUMBER = /(?<![\w$#.])(?:0[xob][\da-f_]+|\d[\d_]*)n?(?![\w$]|\.\d)/gi;
const CONDITION = /\b(?:if|while) \(/g;
const THROW = /\bthrow (?=\S)/g;
/** How an error is made: its words are the tests' business only where they say so. */
const ERROR = /\bnew \w*Error\(/g;
/** A line that begins a statement which is neither declaration nor jump. */
const STATEMENT =
  /^[ \t]*(?!(?:const|let|var|return|throw|if|for|while|do|switch|case|default|try|catch|finally|function|class|import|export|type|interface|declare|readonly|static|get|set|async|using|break|continue|else)\b)(?=[A-Za-z_$#])/gm;
/** What stands before a bracket that begins a list, not an index or a pattern. */
const BEFORE_LIST = /(?:[=(,:[{?&|>;]|\.\.\.|\b(?:return|of|in|yield))$/;
const OPENING = "([{";
const CLOSING = ")]}";

/**
 * All mutations of a TypeScript source that are still a program, and another one: what concerns
 * types alone, or cannot be read, is none. In the order of their places.
 */
export function mutationsOf(source: string): Mutation[] {
  const code = codeOf(source);
  const messages = [...code.matchAll(ERROR)].map((match) => {
    const start = match.index + match[0].length;
    return { start, end: closingOf(code, start - 1) };
  });
  const isMessage = ({ start }: Mutation) =>
    messages.some((range) => range.start <= start && start < range.end);
  const program = programOf(source);
  return [
    ...swaps(code),
    ...numbers(code),
    ...conditions(code, source),
    ...throws(code),
    ...statements(code),
    ...elements(code),
    ...templateParts(code),
  ].filter((mutation) => {
    if (isMessage(mutation)) return false;
    const mutant = programOf(mutated(source, mutation));
    return mutant !== undefined && mutant !== program;
  }).sort((a, b) => a.start - b.start || a.end - b.end);
}

/** The source with the change in it. */
export function mutated(source: string, { start, end, text }: Mutation): string {
  return source.slice(0, start) + text + source.slice(end);
}

/** One line for a reader: where, what kind, and both texts. */
export function describeMutation(file: string, source: string, mutation: Mutation): string {
  const { start, end, text, kind } = mutation;
  const shown = (part: string) => {
    if (part === ";") return "nothing";
    const line = part.trim().replaceAll(/\s+/g, " ");
    return line.length <= 70 ? line : `${line.slice(0, 70)} …`;
  };
  // A comparison is one of several on its line.
  const around = source.slice(source.lastIndexOf("\n", start) + 1, source.indexOf("\n", end));
  return `${file}:${lineAt(source, start)}: ${kind}: ${shown(source.slice(start, end))} -> ` +
    `${text === "" ? "nothing" : shown(text)}   in: ${shown(around)}`;
}

/** What runs of a source, without types and blanks; undefined where it cannot be read. */
function programOf(source: string): string | undefined {
  try {
    return stripTypeScriptTypes(source).replaceAll(/\s+/g, " ");
  } catch {
    return undefined;
  }
}

function swaps(code: string): Mutation[] {
  return SWAPS.flatMap(([kind, pattern, ...texts]) =>
    [...code.matchAll(pattern)].flatMap(({ index, 0: found }) =>
      texts.map((text) => ({ start: index, end: index + found.length, text, kind }))
    )
  );
}

function numbers(code: string): Mutation[] {
  return [...code.matchAll(NUMBER)].flatMap(({ index, 0: found }) => {
    const suffix = found.endsWith("n") ? "n" : "";
    const value = BigInt(found.replace(/n$/, "").replaceAll("_", ""));
    const values = value === 0n ? [1n] : [value + 1n, value - 1n];
    return values.map((other) => ({
      start: index,
      end: index + found.length,
      text: `${other}${suffix}`,
      kind: "constant",
    }));
  });
}

function conditions(code: string, source: string): Mutation[] {
  return [...code.matchAll(CONDITION)].map((match) => {
    const start = match.index + match[0].length;
    const end = closingOf(code, start - 1);
    return { start, end, text: `!(${source.slice(start, end)})`, kind: "condition negated" };
  });
}

function throws(code: string): Mutation[] {
  return [...code.matchAll(THROW)].flatMap(({ index }) => {
    const end = semicolonAfter(code, index);
    return end === undefined ? [] : [{ start: index, end, text: ";", kind: "throw removed" }];
  });
}

function statements(code: string): Mutation[] {
  return [...code.matchAll(STATEMENT)].flatMap(({ index, 0: indent }) => {
    const start = index + indent.length;
    const before = code.slice(0, start).trimEnd();
    const end = /(?:^|[;{}:])$/.test(before) ? semicolonAfter(code, start) : undefined;
    return end === undefined ? [] : [{ start, end, text: ";", kind: "statement removed" }];
  });
}

function elements(code: string): Mutation[] {
  const found: Mutation[] = [];
  for (let at = code.indexOf("["); at >= 0; at = code.indexOf("[", at + 1)) {
    if (!BEFORE_LIST.test(code.slice(0, at).trimEnd())) continue;
    const close = closingOf(code, at);
    for (let start = at + 1; start < close;) {
      const comma = topLevel(code, start, ",");
      const end = comma < close ? comma + 1 : close;
      if (code.slice(start, end).trim() !== "") {
        found.push({ start, end, text: "", kind: "element removed" });
      }
      start = end;
    }
  }
  return found;
}

function templateParts(code: string): Mutation[] {
  return [...code.matchAll(/\$\{/g)].map(({ index }) => ({
    start: index,
    end: closingOf(code, index + 1) + 1,
    text: "",
    kind: "part of a text removed",
  }));
}

/** Where the bracket at an offset is closed; the end of the code where it is not. */
function closingOf(code: string, open: number): number {
  return topLevel(code, open + 1, CLOSING);
}

/** Offset after the `;` that ends the statement at an offset; undefined where it is none. */
function semicolonAfter(code: string, start: number): number | undefined {
  const end = topLevel(code, start, `;,${CLOSING}`);
  return code[end] === ";" ? end + 1 : undefined;
}

/** The next of some characters that is in no bracket which opens on the way. */
function topLevel(code: string, start: number, wanted: string): number {
  let depth = 0;
  for (let at = start; at < code.length; at++) {
    const char = code[at]!;
    if (depth === 0 && wanted.includes(char)) return at;
    if (OPENING.includes(char)) depth++;
    else if (CLOSING.includes(char) && --depth < 0) return at;
  }
  return code.length;
}
