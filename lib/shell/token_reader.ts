import { bareOf, type List, literalOf, type Part, type Redirect, type Word } from "./syntax.ts";
import { type Cursor, readHereText, readWord } from "./word_reader.ts";

/** A here-document whose text begins after the line. */
interface Pending {
  readonly end: string;
  readonly literal: boolean;
  readonly stripsTabs: boolean;
  readonly target: Part[];
}

/** Reads what lies between commands: blanks, line ends, reserved words, redirections. */
export abstract class TokenReader {
  protected readonly cursor: Cursor;
  /** Here-documents whose text has not begun. */
  readonly #pending: Pending[] = [];

  constructor(cursor: Cursor) {
    this.cursor = cursor;
  }

  /** Reads the list of a `$(…)` whose opening is read, with its end. */
  abstract substituted(): List;
  /** A reader of another text, as deep in nesting as this one. */
  protected abstract within(cursor: Cursor): TokenReader;

  expectEnd(): void {
    if (!this.cursor.ended) throw this.cursor.fault(`"${this.cursor.next}" out of place`);
    if (this.#pending.length > 0) throw this.cursor.fault("a here-document has no text");
  }

  /** Blanks, comments, and line ends with the here-documents that begin there. */
  protected lines(): void {
    for (;;) {
      this.blanks();
      if (!this.cursor.take("\n")) return;
      for (const here of this.#pending.splice(0)) this.#readHere(here);
    }
  }

  #readHere({ end, literal, stripsTabs, target }: Pending): void {
    let text = "";
    for (;;) {
      if (this.cursor.ended) throw this.cursor.fault(`a here-document does not end at "${end}"`);
      const stop = this.cursor.text.indexOf("\n", this.cursor.at);
      const whole = this.cursor.text.slice(this.cursor.at, stop < 0 ? undefined : stop);
      this.cursor.at += whole.length + (stop < 0 ? 0 : 1);
      const line = stripsTabs ? whole.replace(/^\t+/, "") : whole;
      if (line === end) break;
      text += `${line}\n`;
    }
    const nested = (cursor: Cursor) => () => this.within(cursor).substituted();
    if (literal) target.push({ kind: "text", text, quoted: true });
    else target.push(...readHereText(text, nested));
  }

  protected blanks(): void {
    for (;;) {
      if (this.cursor.match(/[ \t]+/y) !== undefined || this.cursor.take("\\\n")) continue;
      if (!this.cursor.starts("#")) return;
      this.cursor.match(/[^\n]*/y);
    }
  }

  protected separator(): void {
    if (!this.cursor.take(";") && !this.cursor.starts("\n")) {
      throw this.cursor.fault(`"${this.cursor.next}" out of place`);
    }
  }

  /** A reserved word that comes next, without going past it. */
  protected reserved(words: readonly string[]): string | undefined {
    return words.find((word) =>
      this.cursor.starts(word) &&
      /^(?:[ \t\n;&|<>()]|$)/.test(this.cursor.text.slice(this.cursor.at + word.length)[0] ?? "")
    );
  }

  protected takeWord(word: string): boolean {
    return this.reserved([word]) !== undefined && this.cursor.take(word);
  }

  protected expectWord(word: string): void {
    this.lines();
    if (!this.takeWord(word)) throw this.cursor.fault(`"${word}" is awaited`);
  }

  protected expect(piece: string): void {
    this.lines();
    if (!this.cursor.take(piece)) throw this.cursor.fault(`"${piece}" is awaited`);
  }

  protected word(): Word | undefined {
    return readWord(this.cursor, () => this.substituted());
  }

  /** A redirection, if one comes next; ash's `&>` is two of them. */
  protected redirect(): Redirect[] {
    this.blanks();
    if (this.cursor.starts("&>") && !this.cursor.starts("&>>")) {
      this.cursor.take("&>");
      const both = this.#target();
      const error: Word = [{ kind: "text", text: "1", quoted: false }];
      return [{ from: 1, operator: ">", target: both }, { from: 2, operator: ">&", target: error }];
    }
    const found = this.cursor.match(/[0-9]?(?:<<-?|>>|>&|<&|[<>])/y);
    if (found === undefined) return [];
    const [, digits, operator] = /^([0-9]?)(.*)$/.exec(found)!;
    if (/[|>&(<]/.test(this.cursor.next)) throw this.cursor.fault("a redirection nobody knows");
    const from = digits === "" ? (operator!.startsWith("<") ? 0 : 1) : Number(digits);
    const target = this.#target();
    if (!operator!.startsWith("<<")) {
      return [{ from, operator: operator as Redirect["operator"], target }];
    }
    const end = literalOf(target);
    if (end === undefined) throw this.cursor.fault("a here-document's end nobody knows");
    const literal = target.some((part) => part.kind === "text" && part.quoted);
    const text: Part[] = [];
    this.#pending.push({ end, literal, stripsTabs: operator === "<<-", target: text });
    return [{ from, operator: "<<", target: text }];
  }

  #target(): Word {
    this.blanks();
    const target = this.word();
    // A digit before `<` or `>` is a descriptor, and no name of a file.
    const isDescriptor = /^[0-9]$/.test(bareOf(target ?? []) ?? "") &&
      /[<>]/.test(this.cursor.next);
    if (target === undefined || isDescriptor) {
      throw this.cursor.fault("a redirection without a target");
    }
    return target;
  }
}
