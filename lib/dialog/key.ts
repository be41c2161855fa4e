/** A key that means something to a dialog. */
export type Key =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: NamedKey };

export type NamedKey =
  | "enter"
  | "tab"
  | "back-tab"
  | "escape"
  | "erase"
  | "clear"
  | "redraw"
  | "up"
  | "down"
  | "page-up"
  | "page-down"
  | "home"
  | "end"
  /** A letter that is not in ASCII. */
  | "foreign";

const ESCAPE = 0x1b;
/** Longest sequence of a key that is waited for, in bytes. */
const LONGEST = 16;

const CONTROLS: ReadonlyMap<number, NamedKey> = new Map([
  [0x08, "erase"],
  [0x09, "tab"],
  [0x0a, "enter"],
  [0x0c, "redraw"],
  [0x0d, "enter"],
  [0x15, "clear"],
  [0x7f, "erase"],
]);

/** What follows ESC [ or ESC O: terminfo's vt100, vt220, linux, xterm and rxvt. */
const SEQUENCES: ReadonlyMap<string, NamedKey> = new Map([
  ["A", "up"],
  ["B", "down"],
  ["F", "end"],
  ["H", "home"],
  ["Z", "back-tab"],
  ["1~", "home"],
  ["4~", "end"],
  ["5~", "page-up"],
  ["6~", "page-down"],
  ["7~", "home"],
  ["8~", "end"],
]);

/**
 * Keys from the bytes that a terminal sends, in whatever pieces they come. Escape alone and the beginning of
 * another key's sequence are the same byte: whoever reads tells when nothing followed.
 */
export class KeyReader {
  #pending: number[] = [];

  /** Whether it takes more bytes, or {@linkcode quiet}, to know the last key. */
  get isWaiting(): boolean {
    return this.#pending.length > 0;
  }

  feed(bytes: Uint8Array): Key[] {
    return Array.from(bytes).flatMap((byte) => this.#next(byte));
  }

  /** Nothing followed. */
  quiet(): Key[] {
    const wasEscape = this.#pending.length === 1;
    this.#pending = [];
    return wasEscape ? [{ kind: "escape" }] : [];
  }

  #next(byte: number): Key[] {
    const length = this.#pending.length;
    if (length === 0) return this.#first(byte);
    if (length === 1 && byte !== 0x5b && byte !== 0x4f) {
      return [...this.quiet(), ...this.#first(byte)];
    }
    // ECMA-48, 5.4: a sequence ends with a byte from @ to ~; ESC [ [ A is a function key of linux.
    this.#pending.push(byte);
    const isOpener = length === 1 || (length === 2 && byte === 0x5b);
    if (byte < 0x20 || byte > 0x7e || this.#pending.length > LONGEST) {
      this.#pending = [];
      return this.#first(byte);
    }
    if (isOpener || byte < 0x40) return [];
    const kind = SEQUENCES.get(String.fromCharCode(...this.#pending.slice(2)));
    this.#pending = [];
    return kind === undefined ? [] : [{ kind }];
  }

  #first(byte: number): Key[] {
    if (byte === ESCAPE) {
      this.#pending = [byte];
      return [];
    }
    if (byte >= 0x20 && byte < 0x7f) return [{ kind: "text", text: String.fromCharCode(byte) }];
    // The bytes that go on with a character of UTF-8 are no keys of their own.
    const kind = byte >= 0xc0 ? "foreign" : CONTROLS.get(byte);
    return kind === undefined ? [] : [{ kind }];
  }
}
