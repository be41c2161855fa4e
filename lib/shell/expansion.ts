import { compareBytes } from "../bytes/bytes.ts";
import { NotUnderstood, type ShellHost } from "./host.ts";
import { matchesText, quotePattern } from "./pattern.ts";
import {
  assignmentOf,
  bareOf,
  type List,
  type ParameterChange,
  type Part,
  type Word,
} from "./syntax.ts";

/** Longest value whose ends are tried against a pattern. */
const MAX_TRIMMED = 4096;

/** What words are expanded with. */
export interface ExpansionContext {
  readonly host: ShellHost;
  /** `$1` and on. */
  readonly positional: readonly string[];
  /** The value of a variable or special parameter other than `@` and `*`; undefined when unset. */
  parameter(name: string): string | undefined;
  assign(name: string, value: string): void;
  /** What a list prints, without the line ends behind it. */
  substitute(list: List): string;
  /** Takes what work costs, in characters. */
  spend(work: number): void;
  /** Whether an unset parameter is an error (`set -u`). */
  readonly nounset: boolean;
}

/** A run of characters of a field. */
interface Piece {
  readonly text: string;
  readonly quoted: boolean;
}

/** The fields that words become: expanded, split, and matched against files (XCU 2.6). */
export function expandFields(words: readonly Word[], context: ExpansionContext): string[] {
  return words.flatMap((word) => fieldsOf(word, context)).flatMap((field) =>
    expandPaths(field, context)
  );
}

/** The fields of a command; ash does not split what `local` and `export` assign. */
export function expandCommand(words: readonly Word[], context: ExpansionContext): string[] {
  const declares = ["local", "export"].includes(bareOf(words[0] ?? []) ?? "");
  if (!declares) return expandFields(words, context);
  return words.flatMap((word) =>
    assignmentOf(word) ? [expandText(word, context)] : expandFields([word], context)
  );
}

/** A word as one text: in assignments, redirections, `case` and here-documents. */
export function expandText(word: Word, context: ExpansionContext): string {
  return word.map((part) => valueOf(part, context)).join("");
}

/** Whether a text matches a word as a pattern. */
export function matchesWord(text: string, word: Word, context: ExpansionContext): boolean {
  const pattern = expandPattern(word, context);
  context.spend(pattern.length * text.length);
  return matchesText(pattern, text);
}

/** A word as a pattern for {@linkcode matchesText}. */
function expandPattern(word: Word, context: ExpansionContext): string {
  return patternOf(word.map((part) => ({
    text: valueOf(part, context),
    quoted: part.kind === "unknown" || part.quoted,
  })));
}

function fieldsOf(word: Word, context: ExpansionContext): Piece[][] {
  const fields: Piece[][] = [];
  let open = false;
  const add = (piece: Piece): void => {
    if (!open) fields.push([]);
    open = true;
    fields.at(-1)!.push(piece);
  };
  const listed = word.some(isEachArgument);
  // Whether such a word is one empty field or none differs by what else is in it.
  if (listed && context.positional.length === 0 && word.length > 2) throw new NotUnderstood('"$@"');
  for (const { part, isValue } of word.flatMap((part) => withDefault(part, context))) {
    // `"$@"` without arguments is no field, though its quotes would make one.
    if (listed && part.kind === "text" && part.text === "") continue;
    if (part.kind === "parameter" && (isEachArgument(part) || isUnquotedList(part))) {
      if (part.change) throw new NotUnderstood(`\${${part.name}…}`);
      for (const [i, argument] of context.positional.entries()) {
        if (i > 0) open = false;
        if (part.quoted) add({ text: argument, quoted: true });
        else split(argument, add, () => open = false);
      }
      continue;
    }
    const text = valueOf(part, context);
    const isWhole = part.kind === "unknown" || part.quoted || (part.kind === "text" && !isValue);
    if (isWhole) add({ text, quoted: part.kind !== "unknown" && part.quoted });
    else split(text, add, () => open = false);
  }
  return fields;
}

/**
 * The parts that stand for a part: those of the word in `${name:-word}` or `${name:+word}` where it is
 * taken, whose quotes keep together what they hold while the rest is split.
 */
function withDefault(
  part: Part,
  context: ExpansionContext,
): readonly { readonly part: Part; readonly isValue: boolean }[] {
  const alone = [{ part, isValue: false }];
  if (part.kind !== "parameter" || !part.change || !("word" in part.change)) return alone;
  const { operator, word } = part.change;
  if (!/[-+=]$/.test(operator)) return alone;
  const isList = word.some((p) => p.kind === "parameter" && /^[@*]$/.test(p.name));
  if (isList) throw new NotUnderstood(`\${${part.name}${operator}"$@"}`);
  if (part.quoted || !word.some((p) => p.kind !== "unknown" && p.quoted)) return alone;
  if (operator.endsWith("=")) throw new NotUnderstood(`\${${part.name}${operator}"…"}`);
  const isGiven = given(operator, context.parameter(part.name));
  if (operator.endsWith("+")) return isGiven ? word.map((p) => ({ part: p, isValue: true })) : [];
  const { change: _, ...plain } = part;
  return isGiven
    ? [{ part: plain, isValue: false }]
    : word.map((p) => ({ part: p, isValue: true }));
}

/** Whether a parameter counts as set: with a colon, as set to something. */
function given(operator: string, value: string | undefined): boolean {
  return operator.startsWith(":") ? (value ?? "") !== "" : value !== undefined;
}

const isEachArgument = (part: Part) =>
  part.kind === "parameter" && part.name === "@" && part.quoted;
const isUnquotedList = (part: Part) =>
  part.kind === "parameter" && (part.name === "@" || part.name === "*") && !part.quoted;

/** Field splitting by the usual IFS: blanks and line ends. */
function split(text: string, add: (piece: Piece) => void, end: () => void): void {
  for (const piece of text.split(/([ \t\n]+)/)) {
    if (/^[ \t\n]/.test(piece)) end();
    else if (piece !== "") add({ text: piece, quoted: false });
  }
}

function valueOf(part: Part, context: ExpansionContext): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "unknown":
      throw new NotUnderstood(part.text);
    case "command":
      return context.substitute(part.list);
    case "parameter":
      return parameterValue(part, context);
  }
}

function parameterValue(
  { name, change }: Part & { kind: "parameter" },
  context: ExpansionContext,
): string {
  const isList = name === "@" || name === "*";
  if (isList && change) throw new NotUnderstood(`\${${name}…}`);
  const value = isList ? context.positional.join(" ") : context.parameter(name);
  if (change === undefined || !/^:?[-+=?]$/.test(change.operator)) {
    if (value === undefined && context.nounset) throw new NotUnderstood(`$${name}, which is unset`);
    return change === undefined ? value ?? "" : changed(value ?? "", change, context);
  }
  const isGiven = given(change.operator, value);
  const { word } = change as ParameterChange & { word: Word };
  switch (change.operator.at(-1)) {
    case "+":
      return isGiven ? expandText(word, context) : "";
    case "?":
      if (!isGiven) throw new NotUnderstood(`\${${name}?}, which ends the script`);
      return value!;
    case "=":
      if (!isGiven) context.assign(name, expandText(word, context));
      return isGiven ? value! : context.parameter(name)!;
    default:
      return isGiven ? value! : expandText(word, context);
  }
}

function changed(value: string, change: ParameterChange, context: ExpansionContext): string {
  if (change.operator === "length") {
    if (/[^\x00-\x7f]/.test(value)) throw new NotUnderstood("the length of what is not ASCII");
    return String(value.length);
  }
  if (value.length > MAX_TRIMMED) throw new NotUnderstood("a value that is too long");
  const pattern = expandPattern(change.word, context);
  const lengths = Array.from({ length: value.length + 1 }, (_, i) => i);
  const longest = change.operator.length === 2;
  if (longest) lengths.reverse();
  for (const n of lengths) {
    context.spend(n * (pattern.length + 1));
    const fromStart = change.operator.startsWith("#");
    const piece = fromStart ? value.slice(0, n) : value.slice(value.length - n);
    if (!matchesText(pattern, piece)) continue;
    return fromStart ? value.slice(n) : value.slice(0, value.length - n);
  }
  return value;
}

/** @throws {NotUnderstood} for brackets that are more than a few characters or ranges. */
function patternOf(pieces: readonly Piece[]): string {
  const bare = pieces.filter((p) => !p.quoted).map((p) => p.text).join("");
  const quoted = pieces.filter((p) => p.quoted).map((p) => p.text).join("");
  const brackets = bare.includes("[");
  if (bare.includes("\\") || /\[[:.=]/.test(bare) || (brackets && /[[\]!^\\-]/.test(quoted))) {
    throw new NotUnderstood(`pattern ${bare}`);
  }
  return pieces.map((p) => p.quoted ? quotePattern(p.text) : p.text).join("");
}

/** The files that a field names by a pattern; without any, the field itself. */
function expandPaths(field: readonly Piece[], { host, spend }: ExpansionContext): string[] {
  const text = field.map((p) => p.text).join("");
  if (!field.some((p) => !p.quoted && /[*?[]/.test(p.text))) return [text];
  const pattern = patternOf(field);
  if (pattern.includes("//") || /(?:^|\/)\.{1,2}(?:\/|$)/.test(pattern)) {
    throw new NotUnderstood(`pattern ${text}`);
  }
  const absolute = pattern.startsWith("/");
  let found = [absolute ? "/" : ""];
  for (const part of pattern.split("/").slice(absolute ? 1 : 0)) {
    const join = (base: string, name: string) =>
      base === "" || base.endsWith("/") ? base + name : `${base}/${name}`;
    if (!/(?<!\\)[*?[]/.test(part)) {
      const name = part.replace(/\\(.)/g, "$1");
      found = found.map((base) => join(base, name)).filter((path) => host.exists(path));
    } else {
      const namesIn = (base: string) => {
        const names = host.names(base === "" ? "/" : base) ?? [];
        spend(names.length * (part.length + 100));
        return names;
      };
      found = found.flatMap((base) =>
        namesIn(base)
          .filter((n) => (!n.startsWith(".") || part.startsWith(".")) && matchesText(part, n))
          .map((name) => join(base, name))
      );
    }
  }
  return found.length === 0 ? [text] : found.sort(compareBytes);
}
