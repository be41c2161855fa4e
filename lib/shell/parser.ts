import {
  type AndOr,
  type Assignment,
  assignmentOf,
  bareOf,
  type Command,
  type Compound,
  type List,
  type Pipeline,
  type Redirect,
  type Word,
} from "./syntax.ts";
import { TokenReader } from "./token_reader.ts";
import { Cursor, SyntaxFault } from "./word_reader.ts";

export { SyntaxFault };

/** Deepest nesting that is read. */
const MAX_DEPTH = 64;

/** Words that end a list, or that this grammar does not know and ash might. */
const OPENERS = ["{", "if", "for", "while", "until", "case"];
const CLOSERS = ["in", "then", "elif", "else", "fi", "do", "done", "esac", "}"];
const FOREIGN = ["function", "[[", "select", "time", "coproc"];

/**
 * Reads a shell script.
 * @throws {SyntaxFault} for what does not follow the grammar, or for a corner of it that is not
 * known: what is not understood is never guessed.
 */
export function parseShell(text: string): List {
  const parser = new Parser(new Cursor(text));
  const list = parser.list([]);
  parser.expectEnd();
  return list;
}

class Parser extends TokenReader {
  #depth: number;

  constructor(cursor: Cursor, depth = 0) {
    super(cursor);
    this.#depth = depth;
  }

  protected override within(cursor: Cursor): Parser {
    return new Parser(cursor, this.#depth);
  }

  /** A list up to one of the closing words, or to `)`, `;;` or the end. */
  list(closers: readonly string[]): List {
    if (++this.#depth > MAX_DEPTH) throw this.cursor.fault("nested too deeply");
    const items: AndOr[] = [];
    for (;;) {
      this.lines();
      if (this.#endsList(closers)) break;
      const { first, rest } = this.#andOr();
      const background = this.cursor.starts("&");
      items.push({ first, rest, background });
      this.blanks();
      if (this.cursor.starts(";;")) break;
      const separated = this.cursor.take(background ? "&" : ";") || this.cursor.starts("\n");
      if (background && /[>&]/.test(this.cursor.next)) throw this.cursor.fault("&>> or &&");
      if (!separated && !this.cursor.ended && !this.cursor.starts(")")) {
        throw this.cursor.fault(`"${this.cursor.next}" out of place`);
      }
    }
    this.#depth--;
    return items;
  }

  #endsList(closers: readonly string[]): boolean {
    const { ended } = this.cursor;
    if (ended || this.cursor.starts(")") || this.cursor.starts(";;")) return true;
    const word = this.reserved(CLOSERS);
    if (word === undefined) return false;
    if (!closers.includes(word)) throw this.cursor.fault(`"${word}" out of place`);
    return true;
  }

  #andOr(): Omit<AndOr, "background"> {
    const first = this.#pipeline();
    const rest: AndOr["rest"][number][] = [];
    for (;;) {
      this.blanks();
      const after = this.cursor.take("&&")
        ? "success"
        : this.cursor.take("||")
        ? "failure"
        : undefined;
      if (after === undefined) return { first, rest };
      this.lines();
      rest.push({ after, pipeline: this.#pipeline() });
    }
  }

  #pipeline(): Pipeline {
    this.blanks();
    const negated = this.reserved(["!"]) !== undefined;
    if (negated) this.cursor.take("!");
    const commands = [this.#command()];
    for (;;) {
      this.blanks();
      if (this.cursor.starts("||") || !this.cursor.take("|")) return { negated, commands };
      if (this.cursor.starts("&")) throw this.cursor.fault("|&");
      this.lines();
      commands.push(this.#command());
    }
  }

  #command(): Command {
    this.blanks();
    const compound = this.#compound();
    if (compound === undefined) return this.#simple();
    const redirects: Redirect[] = [];
    for (let next; (next = this.redirect()).length > 0;) redirects.push(...next);
    return { ...compound, redirects };
  }

  #compound(): Compound | undefined {
    if (this.cursor.starts("((")) throw this.cursor.fault("((");
    if (this.cursor.take("(")) {
      const list = this.list([]);
      this.expect(")");
      return { kind: "subshell", list };
    }
    const word = this.reserved([...OPENERS, ...CLOSERS, ...FOREIGN]);
    if (word === undefined) return undefined;
    if (CLOSERS.includes(word)) throw this.cursor.fault(`"${word}" out of place`);
    if (FOREIGN.includes(word)) throw this.cursor.fault(`"${word}" is not known`);
    this.cursor.take(word);
    switch (word) {
      case "{": {
        const list = this.#nonEmpty(["}"]);
        this.expectWord("}");
        return { kind: "group", list };
      }
      case "if":
        return this.#if();
      case "for":
        return this.#for();
      case "case":
        return this.#case();
      default: {
        const condition = this.#nonEmpty(["do"]);
        return { kind: "while", until: word === "until", condition, body: this.#doGroup() };
      }
    }
  }

  #if(): Compound {
    const branches: { condition: List; then: List }[] = [];
    let otherwise: List = [];
    for (;;) {
      const condition = this.#nonEmpty(["then"]);
      this.expectWord("then");
      branches.push({ condition, then: this.#nonEmpty(["elif", "else", "fi"]) });
      if (this.takeWord("elif")) continue;
      if (this.takeWord("else")) otherwise = this.#nonEmpty(["fi"]);
      this.expectWord("fi");
      return { kind: "if", branches, otherwise };
    }
  }

  #for(): Compound {
    this.blanks();
    const name = bareOf(this.word() ?? []);
    if (name === undefined || !/^[A-Za-z_]\w*$/.test(name)) {
      throw this.cursor.fault("for without a name");
    }
    this.lines();
    if (this.takeWord("in")) {
      const words: Word[] = [];
      for (;;) {
        this.blanks();
        const word = this.word();
        if (word === undefined) break;
        words.push(word);
      }
      this.separator();
      return { kind: "for", name, words, body: this.#doGroup() };
    }
    this.cursor.take(";");
    return { kind: "for", name, body: this.#doGroup() };
  }

  #doGroup(): List {
    this.lines();
    this.expectWord("do");
    const body = this.#nonEmpty(["done"]);
    this.expectWord("done");
    return body;
  }

  #case(): Compound {
    this.blanks();
    const word = this.word();
    if (word === undefined) throw this.cursor.fault("case without a word");
    this.lines();
    this.expectWord("in");
    const items: { patterns: Word[]; list: List }[] = [];
    for (;;) {
      this.lines();
      if (this.takeWord("esac")) return { kind: "case", word, items };
      this.cursor.take("(");
      const patterns: Word[] = [];
      do {
        this.blanks();
        const pattern = this.word();
        if (pattern === undefined) throw this.cursor.fault("case without a pattern");
        patterns.push(pattern);
        this.blanks();
      } while (!this.cursor.starts("||") && this.cursor.take("|"));
      this.expect(")");
      items.push({ patterns, list: this.list(["esac"]) });
      this.lines();
      if (!this.cursor.take(";;") && this.reserved(["esac"]) === undefined) {
        throw this.cursor.fault("an item of case does not end");
      }
    }
  }

  #simple(): Command {
    const assignments: Assignment[] = [];
    const words: Word[] = [];
    const redirects: Redirect[] = [];
    for (;;) {
      this.blanks();
      const redirect = this.redirect();
      if (redirect.length > 0) {
        redirects.push(...redirect);
        continue;
      }
      if (words.length === 1 && this.cursor.starts("(")) return this.#function(words[0]!);
      const word = this.word();
      if (word === undefined) break;
      const assignment = words.length === 0 ? assignmentOf(word) : undefined;
      if (assignment === undefined) words.push(word);
      else assignments.push(assignment);
    }
    if (words.length + assignments.length + redirects.length === 0) {
      throw this.cursor.fault(`"${this.cursor.next}" where a command is awaited`);
    }
    return { kind: "simple", assignments, words, redirects };
  }

  #function(word: Word): Command {
    const name = bareOf(word);
    if (name === undefined || !/^[A-Za-z_]\w*$/.test(name) || !this.cursor.take("(")) {
      throw this.cursor.fault("a function without a name");
    }
    this.blanks();
    this.expect(")");
    this.lines();
    if (++this.#depth > MAX_DEPTH) throw this.cursor.fault("nested too deeply");
    const body = this.#command();
    this.#depth--;
    if (body.kind === "simple" || body.kind === "function") {
      throw this.cursor.fault("a function's body is no group");
    }
    return { kind: "function", name, body, redirects: [] };
  }

  override substituted(): List {
    const list = this.list([]);
    this.expect(")");
    return list;
  }

  #nonEmpty(closers: readonly string[]): List {
    const list = this.list(closers);
    if (list.length === 0) throw this.cursor.fault("an empty list");
    return list;
  }
}
