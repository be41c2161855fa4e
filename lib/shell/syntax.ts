/**
 * The grammar of the POSIX shell (XCU 2.10) as values. What busybox' ash has beyond it, and what
 * nobody here executes (arithmetic, backquotes, background), is a part or a command of its own
 * that is named and never run.
 */

/** A piece of a word. */
export type Part =
  | { readonly kind: "text"; readonly text: string; readonly quoted: boolean }
  | {
    readonly kind: "parameter";
    /** A variable, a digit, or one of `@*#?-$!`. */
    readonly name: string;
    readonly quoted: boolean;
    readonly change?: ParameterChange;
  }
  | { readonly kind: "command"; readonly list: List; readonly quoted: boolean }
  | { readonly kind: "unknown"; readonly text: string };

/** What `${name…}` does to the value. */
export type ParameterChange =
  | { readonly operator: "length" }
  | {
    readonly operator: "#" | "##" | "%" | "%%" | "-" | ":-" | "+" | ":+" | "=" | ":=" | "?" | ":?";
    readonly word: Word;
  };

export type Word = readonly Part[];

export interface Redirect {
  /** The descriptor that is redirected. */
  readonly from: number;
  readonly operator: ">" | ">>" | "<" | ">&" | "<&" | "<<";
  /** The file or descriptor; for `<<` the text. */
  readonly target: Word;
}

export interface Assignment {
  readonly name: string;
  readonly value: Word;
}

export type Command =
  | {
    readonly kind: "simple";
    readonly assignments: readonly Assignment[];
    readonly words: readonly Word[];
    readonly redirects: readonly Redirect[];
  }
  | (Compound & { readonly redirects: readonly Redirect[] });

export type Compound =
  | { readonly kind: "group" | "subshell"; readonly list: List }
  | {
    readonly kind: "if";
    readonly branches: readonly { readonly condition: List; readonly then: List }[];
    readonly otherwise: List;
  }
  | {
    readonly kind: "for";
    readonly name: string;
    /** Absent: the positional parameters. */
    readonly words?: readonly Word[];
    readonly body: List;
  }
  | {
    readonly kind: "while";
    readonly until: boolean;
    readonly condition: List;
    readonly body: List;
  }
  | {
    readonly kind: "case";
    readonly word: Word;
    readonly items: readonly { readonly patterns: readonly Word[]; readonly list: List }[];
  }
  | { readonly kind: "function"; readonly name: string; readonly body: Command };

export interface Pipeline {
  readonly negated: boolean;
  readonly commands: readonly Command[];
}

/** Pipelines that depend on how the one before ended. */
export interface AndOr {
  readonly first: Pipeline;
  readonly rest: readonly { readonly after: "success" | "failure"; readonly pipeline: Pipeline }[];
  /** Ended by `&`. */
  readonly background: boolean;
}

export type List = readonly AndOr[];

/** A word without quotes, expansions or patterns, or undefined. */
export function literalOf(word: Word): string | undefined {
  let text = "";
  for (const part of word) {
    if (part.kind !== "text") return undefined;
    text += part.text;
  }
  return text;
}

/** The text of a word that no quote touches: what reserved words are made of. */
export function bareOf(word: Word): string | undefined {
  const [part, ...more] = word;
  return part?.kind === "text" && !part.quoted && more.length === 0 ? part.text : undefined;
}

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=/;

/** A word of the form `name=value`, or undefined. */
export function assignmentOf(word: Word): Assignment | undefined {
  const [first, ...rest] = word;
  if (first?.kind !== "text" || first.quoted) return undefined;
  const match = ASSIGNMENT.exec(first.text);
  if (!match) return undefined;
  const text = first.text.slice(match[0].length);
  const value: Word = text === "" ? rest : [{ ...first, text }, ...rest];
  return { name: match[1]!, value };
}
