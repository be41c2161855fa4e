/** Words after which a slash starts a regular expression, not a division. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%~^<>])$|\b(?:return|typeof|case|in|of|do|else|void)$/;

/**
 * TypeScript with the contents of comments, strings, templates and regular expressions turned to
 * blanks, every other character at its place. Enough to find words of code by their names.
 */
export function codeOf(source: string): string {
  return new Blanker(source).run();
}

class Blanker {
  readonly #source: string;
  readonly #out: string[];
  #at = 0;
  /** Depth of braces at which each open `${` of a template ends. */
  readonly #templates: number[] = [];
  #depth = 0;
  /** The last code before this place, without trailing blanks. */
  #before = "";

  constructor(source: string) {
    this.#source = source;
    this.#out = source.split("");
  }

  run(): string {
    while (this.#at < this.#source.length) this.#step();
    return this.#out.join("");
  }

  #step(): void {
    const char = this.#source[this.#at]!;
    const two = this.#source.slice(this.#at, this.#at + 2);
    if (two === "//") return this.#blankTo(this.#find("\n"));
    if (two === "/*") return this.#blankTo(this.#find("*/", 2) + 2);
    if (char === '"' || char === "'") return this.#quoted(char);
    if (char === "`") return this.#template();
    if (char === "/" && BEFORE_REGEX.test(this.#before)) return this.#regex();
    if (char === "{") this.#depth++;
    if (char === "}" && this.#templates.at(-1) === this.#depth--) {
      this.#templates.pop();
      return this.#template();
    }
    if (!/\s/.test(char)) this.#before = (this.#before + char).slice(-12);
    else if (/\w$/.test(this.#before)) this.#before += " ";
    if (this.#before.endsWith(" ")) this.#before = this.#before.trimEnd();
    this.#at++;
  }

  #find(text: string, skip = 0): number {
    const found = this.#source.indexOf(text, this.#at + skip);
    return found < 0 ? this.#source.length : found;
  }

  #blankTo(end: number): void {
    for (; this.#at < end; this.#at++) {
      if (this.#source[this.#at] !== "\n") this.#out[this.#at] = " ";
    }
  }

  /** Blanks up to a closing character on the same nesting, and keeps the quotes. */
  #quoted(quote: string): void {
    let end = this.#at + 1;
    while (end < this.#source.length && this.#source[end] !== quote) {
      end += this.#source[end] === "\\" ? 2 : 1;
    }
    this.#at++;
    this.#blankTo(end);
    this.#at++;
    this.#before = quote;
  }

  /** Blanks a template, or the rest of one, up to its end or its next `${`. */
  #template(): void {
    let end = this.#at + 1;
    while (end < this.#source.length && this.#source[end] !== "`") {
      if (this.#source.startsWith("${", end)) {
        this.#at++;
        this.#blankTo(end);
        this.#at += 2;
        this.#templates.push(++this.#depth);
        this.#before = "{";
        return;
      }
      end += this.#source[end] === "\\" ? 2 : 1;
    }
    this.#at++;
    this.#blankTo(end);
    this.#at++;
    this.#before = "`";
  }

  #regex(): void {
    let end = this.#at + 1;
    for (let inClass = false; end < this.#source.length; end++) {
      const char = this.#source[end];
      if (char === "\\") end++;
      else if (char === "[") inClass = true;
      else if (char === "]") inClass = false;
      else if ((char === "/" && !inClass) || char === "\n") break;
    }
    this.#at++;
    this.#blankTo(end);
    this.#at++;
    this.#before = "/";
  }
}

/** An import: what it names, and on which line. */
export interface ImportStatement {
  readonly specifier: string;
  readonly line: number;
  /** Whether nothing of it is left when the program runs. */
  readonly isType: boolean;
  /** Whether it is read once the program gets there, and not before it begins. */
  readonly isLate: boolean;
}

/** `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")`, `new URL("x", import.meta.url)`. */
const IMPORT =
  /\b(?:(?:import|export)\b[\w\s{},*$]*?\bfrom\s*|import\s*\(?\s*|new\s+URL\(\s*)(["'])/g;

/** All imports of a source, type imports and workers too. */
export function importsOf(source: string, code = codeOf(source)): ImportStatement[] {
  return [...code.matchAll(IMPORT)].flatMap((match) => {
    const start = match.index + match[0].length;
    const end = code.indexOf(match[1]!, start);
    const specifier = source.slice(start, end);
    if (match[0].startsWith("new") && !/^["'],\s*import\.meta\.url/.test(code.slice(end))) {
      return [];
    }
    const isType = isTypeImport(match[0]);
    const isLate = /^(?:import\s*\(|new)/.test(match[0]);
    return [{ specifier, line: lineAt(source, match.index), isType, isLate }];
  });
}

/** `import type …`, or a list in which each name has its own `type`. */
function isTypeImport(text: string): boolean {
  const names = /^(?:im|ex)port\s*\{([^}]*)\}\s*from/.exec(text)?.[1];
  if (names === undefined) return /^(?:im|ex)port\s+type\s/.test(text);
  return names.split(",").map((name) => name.trim()).filter((name) => name !== "")
    .every((name) => name.startsWith("type "));
}

/** The line of an offset, from 1. */
export function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split("\n").length;
}
