/** A command as words, and when it runs: by how the one before it in the list ended. */
export interface SimpleCommand {
  readonly argv: readonly [string, ...string[]];
  readonly after: "always" | "success" | "failure";
}

/** A script as a sequence of and-or lists. */
export interface Script {
  /** Whether `#!/bin/sh -e` asks to end at the first failure. */
  readonly errexit: boolean;
  readonly lists: readonly (readonly SimpleCommand[])[];
}

/** Longest script that is looked at. */
const MAX_SCRIPT = 64 << 10;

const SHEBANG = /^#! ?\/bin\/(?:sh|ash|busybox sh)( -e)?[ \t]*(?:\n|$)/;
/** Output that goes nowhere, or to the terminal, changes nothing. */
const REDIRECT = /(?:[12]?>[ \t]*\/dev\/null|2>&1|1?>&2)(?=[ \t\n;&|]|$)/y;
/** Characters that mean nothing to the shell outside quotes. */
const PLAIN = /[A-Za-z0-9_.,:=@%+/-]+/y;
const SINGLE = /'([^'\n\x00-\x08\x0b-\x1f]*)'/y;
const DOUBLE = /"([^"$`\\\n\x00-\x08\x0b-\x1f]*)"/y;

/**
 * Reads a script of simple commands with literal words, joined by `&&`, `||`, `;` and line ends.
 *
 * @returns Undefined for anything else: variables, substitution, patterns, loops, pipes,
 * redirection to files, another interpreter. What is not understood is never guessed.
 */
export function readScript(text: string): Script | undefined {
  const shebang = text.length <= MAX_SCRIPT ? SHEBANG.exec(text) : null;
  if (!shebang) return undefined;
  const lists = new ScriptReader(text, shebang[0].length).read();
  return lists && { errexit: shebang[1] !== undefined, lists };
}

class ScriptReader {
  readonly #text: string;
  #at: number;
  readonly #lists: SimpleCommand[][] = [];
  #list: SimpleCommand[] = [];
  #words: string[] = [];
  #after: SimpleCommand["after"] = "always";

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  read(): SimpleCommand[][] | undefined {
    while (this.#at < this.#text.length) {
      if (!this.#step()) return undefined;
    }
    return this.#endList() ? this.#lists : undefined;
  }

  /** Takes one token; false when it is not understood. */
  #step(): boolean {
    const two = this.#text.slice(this.#at, this.#at + 2);
    if (two === "&&" || two === "||") return this.#join(two === "&&" ? "success" : "failure");
    if (two === "\\\n") return this.#skip(2);
    const c = this.#text[this.#at]!;
    if (c === " " || c === "\t") return this.#skip(1);
    if (c === "#") return this.#skip(this.#toLineEnd());
    if (c === "\n") {
      // A line that ends in an operator goes on.
      const goesOn = this.#words.length === 0 && this.#after !== "always";
      return this.#skip(1) && (goesOn || this.#endList());
    }
    if (c === ";") return this.#words.length > 0 && this.#skip(1) && this.#endList();
    if (this.#take(REDIRECT) !== undefined) return this.#words.length > 0;
    return this.#word();
  }

  /** A word of plain and quoted pieces. */
  #word(): boolean {
    let word: string | undefined;
    for (;;) {
      const piece = this.#take(PLAIN)?.[0] ?? this.#take(SINGLE)?.[1] ?? this.#take(DOUBLE)?.[1];
      if (piece === undefined) break;
      word = (word ?? "") + piece;
    }
    if (word === undefined) return false;
    // A word ends at a blank or operator; `a#b`, `a$b`, `a\b` are none of ours.
    if (this.#at < this.#text.length && !/[ \t\n;&|]/.test(this.#text[this.#at]!)) return false;
    this.#words.push(word);
    return true;
  }

  #join(after: SimpleCommand["after"]): boolean {
    if (!this.#endCommand()) return false;
    this.#after = after;
    return this.#skip(2);
  }

  #endCommand(): boolean {
    const [name, ...rest] = this.#words;
    // `A=b` sets a variable.
    if (name === undefined || name.includes("=")) return false;
    this.#list.push({ argv: [name, ...rest], after: this.#after });
    this.#words = [];
    this.#after = "always";
    return true;
  }

  #endList(): boolean {
    if (this.#words.length === 0) {
      if (this.#after !== "always") return false;
    } else if (!this.#endCommand()) return false;
    if (this.#list.length > 0) this.#lists.push(this.#list);
    this.#list = [];
    return true;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at = pattern.lastIndex;
    return match ?? undefined;
  }

  #skip(count: number): true {
    this.#at += count;
    return true;
  }

  #toLineEnd(): number {
    const end = this.#text.indexOf("\n", this.#at);
    return (end < 0 ? this.#text.length : end) - this.#at;
  }
}
