import type { List, ParameterChange, Part, Word } from "./syntax.ts";

/** A script that does not follow the grammar, or a corner of it that is not known here. */
export class SyntaxFault extends Error {
  override readonly name = "SyntaxFault";
}

/** Where a reader is in a text. */
export class Cursor {
  at = 0;
  /** How deep in `${…}`. */
  braces = 0;
  constructor(readonly text: string) {}

  get ended(): boolean {
    return this.at >= this.text.length;
  }
  /** The next character, "" at the end. */
  get next(): string {
    return this.text[this.at] ?? "";
  }
  starts(piece: string): boolean {
    return this.text.startsWith(piece, this.at);
  }
  /** Goes past a piece if it comes next. */
  take(piece: string): boolean {
    if (!this.starts(piece)) return false;
    this.at += piece.length;
    return true;
  }
  /** Goes past what a sticky pattern matches. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined || found === "") return undefined;
    this.at += found.length;
    return found;
  }
  fault(what: string): SyntaxFault {
    const line = this.text.slice(0, this.at).split("\n").length;
    return new SyntaxFault(`line ${line}: ${what}`);
  }
}

/** Deepest nesting of `${…}` that is read. */
const MAX_BRACES = 64;

/** Reads the list of a `$(…)` up to its closing parenthesis. */
export type ListReader = () => List;

const PLAIN = /[^\s'"\\$`|&;<>()#~{}*?[\]!=\x00-\x1f\x7f-\uffff]+/y;
const PLAIN_QUOTED = /[^"\\$`\x00-\x08\x0b-\x1f\x7f]+/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const SPECIAL = /[0-9@*#?$!-]/y;
const CHANGE = /:?[-+=?]|##?|%%?/y;

/** Ends of a word: outside of `${…}` a blank or an operator, inside its brace. */
type End = "word" | "brace";

/**
 * Reads one word with its quotes and expansions (XCU 2.2, 2.6).
 * @returns Undefined where no word starts.
 */
export function readWord(cursor: Cursor, list: ListReader, end: End = "word"): Word | undefined {
  const parts: Part[] = [];
  let started = false;
  while (!cursor.ended) {
    const c = cursor.next;
    if (cursor.take("\\\n")) continue;
    if (end === "word" ? /[ \t\n|&;<>()]/.test(c) : c === "}") break;
    if (c === "#" && !started && end === "word") break;
    started = true;
    if (c === "'") parts.push(singleQuoted(cursor));
    else if (cursor.take('"')) readQuoted(cursor, list, '"', parts);
    else if (c === "$") parts.push(readExpansion(cursor, list, false));
    else if (c === "`") parts.push(backquoted(cursor));
    else if (c === "\\") parts.push(escaped(cursor));
    else if (c === "~" && mayBeHome(parts)) parts.push(unknown(cursor, 1));
    else parts.push({ kind: "text", text: plain(cursor), quoted: false });
  }
  return started ? joined(parts) : undefined;
}

/** Parts of a here-document: expansions, no quotes. */
export function readHereText(text: string, list: (cursor: Cursor) => ListReader): Word {
  const cursor = new Cursor(text);
  const parts: Part[] = [];
  readQuoted(cursor, list(cursor), "", parts);
  return joined(parts);
}

/** What stands in double quotes, up to `end`; "" means all of the text. */
function readQuoted(cursor: Cursor, list: ListReader, end: '"' | "}" | "", parts: Part[]): void {
  const text = (piece: string) => void parts.push({ kind: "text", text: piece, quoted: true });
  text("");
  for (;;) {
    if (cursor.ended) {
      if (end === "") return;
      throw cursor.fault("a quote or brace is not closed");
    }
    if (end !== "" && cursor.take(end)) return;
    const c = cursor.next;
    if (cursor.take("\\\n")) continue;
    if (c === "\\") {
      const second = cursor.text[cursor.at + 1] ?? "";
      const special = "$`\\".includes(second) || (second === '"' && end === '"');
      if (second === "" || end === "}") throw cursor.fault("a backslash nobody knows here");
      cursor.at += special ? 2 : 1;
      text(special ? second : "\\");
    } else if (c === "$") parts.push(readExpansion(cursor, list, true));
    else if (c === "`") parts.push(backquoted(cursor));
    else if (c === '"' && end !== "") throw cursor.fault("a quote inside quotes");
    else if (c === '"') text(cursor.text[cursor.at++]!);
    else if (end === "}") text(cursor.text[cursor.at++]!);
    else {
      const piece = cursor.match(PLAIN_QUOTED);
      if (piece === undefined) throw cursor.fault("a control character");
      text(piece);
    }
  }
}

function singleQuoted(cursor: Cursor): Part {
  const end = cursor.text.indexOf("'", cursor.at + 1);
  if (end < 0) throw cursor.fault("a quote is not closed");
  const text = cursor.text.slice(cursor.at + 1, end);
  if (/[\x00-\x08\x0b-\x1f\x7f]/.test(text)) throw cursor.fault("a control character");
  cursor.at = end + 1;
  return { kind: "text", text, quoted: true };
}

function escaped(cursor: Cursor): Part {
  const c = cursor.text[cursor.at + 1] ?? "";
  if (!/[\x21-\x7e ]/.test(c)) throw cursor.fault("a backslash before nothing that is known");
  cursor.at += 2;
  return { kind: "text", text: c, quoted: true };
}

function plain(cursor: Cursor): string {
  const piece = cursor.match(PLAIN);
  if (piece !== undefined) return piece;
  const c = cursor.next;
  if (!/[#~{}*?[\]!= \t\n]/.test(c) && !"'\"|&;<>()".includes(c)) {
    throw cursor.fault(`a character nobody knows here: ${JSON.stringify(c)}`);
  }
  cursor.at++;
  return c;
}

/** `$name`, `${…}`, `$(…)`, `$((…))`, or a dollar sign that means itself. */
function readExpansion(cursor: Cursor, list: ListReader, quoted: boolean): Part {
  if (cursor.starts("$((")) return unknown(cursor, closing(cursor, 3, "))"));
  if (cursor.take("$(")) return { kind: "command", list: list(), quoted };
  if (cursor.take("${")) return readBraces(cursor, list, quoted);
  cursor.at++;
  const name = cursor.match(NAME) ?? cursor.match(SPECIAL);
  if (name !== undefined) return { kind: "parameter", name, quoted };
  // Before a quote, ash may take it for the start of $'…'.
  if (/['"]/.test(cursor.next) && !quoted) throw cursor.fault("a dollar sign before a quote");
  return { kind: "text", text: "$", quoted: true };
}

function readBraces(cursor: Cursor, list: ListReader, quoted: boolean): Part {
  if (cursor.starts("#") && !cursor.starts("#}")) {
    cursor.at++;
    const name = cursor.match(NAME) ?? cursor.match(SPECIAL);
    if (name === undefined || !cursor.take("}")) throw cursor.fault("a length nobody knows");
    return { kind: "parameter", name, quoted, change: { operator: "length" } };
  }
  const name = cursor.match(NAME) ?? cursor.match(/[0-9]+/y) ?? cursor.match(SPECIAL);
  if (name === undefined) throw cursor.fault("a parameter without a name");
  if (cursor.take("}")) return { kind: "parameter", name, quoted };
  const operator = cursor.match(CHANGE) as Exclude<ParameterChange["operator"], "length">;
  if (operator === undefined) throw cursor.fault("a change of a parameter nobody knows");
  const isPattern = /^[#%]/.test(operator);
  let word: Word = [];
  if (++cursor.braces > MAX_BRACES) throw cursor.fault("nested too deeply");
  if (quoted && !isPattern) {
    const parts: Part[] = [];
    readQuoted(cursor, list, "}", parts);
    word = joined(parts);
  } else {
    word = readWord(cursor, list, "brace") ?? [];
    if (!cursor.take("}")) throw cursor.fault("a brace is not closed");
  }
  cursor.braces--;
  return { kind: "parameter", name, quoted, change: { operator, word } };
}

function backquoted(cursor: Cursor): Part {
  const end = /`(?:[^`\\]|\\[^])*`/y;
  end.lastIndex = cursor.at;
  const found = end.exec(cursor.text)?.[0];
  if (found === undefined) throw cursor.fault("a backquote is not closed");
  return unknown(cursor, found.length);
}

/** How far it is to the end of arithmetic, its own parentheses counted. */
function closing(cursor: Cursor, from: number, end: string): number {
  let depth = 0;
  for (let i = cursor.at + from; i < cursor.text.length; i++) {
    if (depth === 0 && cursor.text.startsWith(end, i)) return i + end.length - cursor.at;
    if (cursor.text[i] === "(") depth++;
    else if (cursor.text[i] === ")") depth--;
    if (depth < 0) break;
  }
  throw cursor.fault("a parenthesis is not closed");
}

function unknown(cursor: Cursor, length: number): Part {
  const text = cursor.text.slice(cursor.at, cursor.at + length);
  cursor.at += length;
  return { kind: "unknown", text };
}

/** A tilde stands for a home at the start of a word, and after `=` and `:` of an assignment. */
function mayBeHome(parts: readonly Part[]): boolean {
  const last = parts.at(-1);
  return last === undefined || (last.kind === "text" && !last.quoted && /[=:]$/.test(last.text));
}

/** Neighbours of one kind as one part; no empty text but where quotes make an empty word. */
function joined(parts: readonly Part[]): Word {
  const out: Part[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (part.kind === "text" && last?.kind === "text" && part.quoted === last.quoted) {
      out[out.length - 1] = { ...last, text: last.text + part.text };
    } else out.push(part);
  }
  return out;
}
