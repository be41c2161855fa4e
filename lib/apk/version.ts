/**
 * The version order of apk-tools 2.14 (src/version.c), quirks included: an index is sorted, and a
 * constraint is meant, by what apk itself makes of it.
 *
 * Grammar: `number{.number}{letter}{_suffix{number}}{-rN}`. apk-tools 3 also knows `~hash` and
 * compares numbers with leading zeros as text; 2.14 does neither.
 */

/** Kinds of tokens. Their order is meaningful: the later kind is the lower version. */
const INVALID = -1;
const DIGIT_OR_ZERO = 0;
const DIGIT = 1;
const LETTER = 2;
const SUFFIX = 3;
const SUFFIX_NUMBER = 4;
const REVISION = 5;
const END = 6;

/** Bits of a comparison's result, and of the operators that accept it. */
export const EQUAL = 1;
export const LESS = 2;
export const GREATER = 4;

/** Suffixes that come before a plain version, then those that come after it. */
const SUFFIXES: readonly (readonly [text: string, rank: number])[] = [
  ["alpha", -4],
  ["beta", -3],
  ["pre", -2],
  ["rc", -1],
  ["cvs", 0],
  ["svn", 1],
  ["git", 2],
  ["hg", 3],
  ["p", 4],
];

/** Digits that a number may have; apk keeps it in 63 bits. */
const MAX_DIGITS = 17;
/** Digits that a double holds exactly. */
const EXACT_DIGITS = 15;

/** A walk over the tokens of one version. `kind` is the kind of the token that comes next. */
class Tokens {
  kind: number = DIGIT;
  #at = 0;
  constructor(readonly text: string) {}

  /** Takes the next token and returns its value. */
  take(): number | bigint {
    if (this.#at >= this.text.length) {
      this.kind = END;
      return 0;
    }
    switch (this.kind) {
      case DIGIT_OR_ZERO:
        if (this.text.charCodeAt(this.#at) === 0x30) return this.#leadingZeros();
        return this.#number();
      case DIGIT:
      case SUFFIX_NUMBER:
      case REVISION:
        return this.#number();
      case LETTER:
        return this.#took(1, this.text.charCodeAt(this.#at));
      case SUFFIX:
        for (const [suffix, rank] of SUFFIXES) {
          if (this.text.startsWith(suffix, this.#at)) return this.#took(suffix.length, rank);
        }
    }
    return this.#invalid();
  }

  /** Zeros before a number are a token of their own: the more of them, the lower. */
  #leadingZeros(): number {
    let zeros = 0;
    while (this.text.charCodeAt(this.#at + zeros + 1) === 0x30) zeros++;
    this.#at += zeros;
    this.kind = DIGIT;
    return zeros === 0 ? 0 : -zeros;
  }

  #number(): number | bigint {
    const start = this.#at;
    let end = start, value = 0;
    for (let c; isDigit(c = this.text.charCodeAt(end)); end++) value = value * 10 + c - 0x30;
    if (end - start > MAX_DIGITS) return this.#invalid();
    const exact = end - start > EXACT_DIGITS ? BigInt(this.text.slice(start, end)) : value;
    return this.#took(end - start, exact);
  }

  #took<V extends number | bigint>(length: number, value: V): V {
    this.#at += length;
    this.kind = this.#next();
    return value;
  }

  #invalid(): number {
    this.kind = INVALID;
    return -1;
  }

  /** The kind of the token after the one just taken; steps over the sign that announces it. */
  #next(): number {
    const c = this.text.charCodeAt(this.#at);
    if (Number.isNaN(c) || c === 0) return END;
    const before = this.kind;
    if (before <= DIGIT && c >= 0x61 && c <= 0x7a) return LETTER;
    if (before === LETTER && isDigit(c)) return DIGIT;
    if (before === SUFFIX && isDigit(c)) return SUFFIX_NUMBER;
    let kind = INVALID;
    if (c === 0x2e) kind = DIGIT_OR_ZERO;
    else if (c === 0x5f) kind = SUFFIX;
    else if (c === 0x2d && this.text.charCodeAt(this.#at + 1) === 0x72) {
      kind = REVISION;
      this.#at++;
    }
    this.#at++;
    if (kind >= before) return kind;
    const mayFollow = kind === DIGIT_OR_ZERO && before === DIGIT ||
      kind === SUFFIX && before === SUFFIX_NUMBER;
    return mayFollow ? kind : INVALID;
  }
}

/**
 * How `a` stands to `b`: {@linkcode LESS}, {@linkcode EQUAL} or {@linkcode GREATER}.
 * Fuzzy: equal as soon as one of the two ends where the other goes on (`~` in a constraint).
 */
export function relationOf(a: string, b: string, fuzzy = false): number {
  if (a === b) return EQUAL;
  const left = new Tokens(a), right = new Tokens(b);
  let x: number | bigint = 0, y: number | bigint = 0;
  while (left.kind === right.kind && left.kind !== END && left.kind !== INVALID) {
    x = left.take();
    y = right.take();
    if (x < y) return LESS;
    if (x > y) return GREATER;
  }
  if (left.kind === right.kind || fuzzy) return EQUAL;
  const [l, r] = [left.kind, right.kind];
  if (l === SUFFIX && left.take() < 0) return LESS;
  if (r === SUFFIX && right.take() < 0) return GREATER;
  return l > r ? LESS : GREATER;
}

/** Orders versions as apk 2.14 does; two invalid or unlike-spelled versions may be equal. */
export function compareVersions(a: string, b: string): -1 | 0 | 1 {
  const relation = relationOf(a, b);
  return relation === LESS ? -1 : relation === GREATER ? 1 : 0;
}

/** The usual versions, so that the walk over tokens is only for the rest. */
const USUAL = /^[0-9]{1,9}(?:\.[0-9]{1,9}){0,9}[a-z]?(?:-r[0-9]{1,9})?$/;

/** Whether apk 2.14 takes the text as a version (`apk version --check`), and it is not empty. */
export function isVersion(text: string): boolean {
  if (USUAL.test(text)) return true;
  if (text === "" || text.includes("\0")) return false;
  const tokens = new Tokens(text);
  while (tokens.kind !== END && tokens.kind !== INVALID) tokens.take();
  return tokens.kind === END;
}

/**
 * Name and version of `foo-1.2-r3`: the version starts after the last dash before a digit, and at
 * most one dash may follow. Undefined where there is none (apk_pkg_parse_name).
 */
export function splitNameVersion(text: string): { name: string; version: string } | undefined {
  let dashes = 0;
  for (let i = text.length - 2; i > 0; i--) {
    if (text.charCodeAt(i) !== 0x2d) continue;
    if (isDigit(text.charCodeAt(i + 1))) {
      return { name: text.slice(0, i), version: text.slice(i + 1) };
    }
    if (++dashes >= 2) return undefined;
  }
  return undefined;
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}
