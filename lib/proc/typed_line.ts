const LIMIT = 4096;
const NEWLINE = 0x0a, RETURN = 0x0d, END = 0x04, KILL = 0x15;
const ERASE: readonly number[] = [0x7f, 0x08];

/** A line that is whole, or the end of what is typed. */
export type Typed = { readonly line: string } | "ended";

/**
 * A line from single keys, for a terminal that hands over each of them: it knows the keys that the
 * terminal itself would (termios(3): VERASE, VKILL, VEOF).
 */
export class TypedLine {
  #bytes: number[] = [];

  /** What is behind the end of the line is left out. */
  feed(keys: Uint8Array): Typed | undefined {
    for (const key of keys) {
      if (key === NEWLINE || key === RETURN) return this.#whole();
      if (key === END) return this.#bytes.length === 0 ? "ended" : this.#whole();
      if (key === KILL) this.#bytes = [];
      else if (ERASE.includes(key)) this.#erase();
      else if (this.#bytes.length < LIMIT) this.#bytes.push(key);
    }
    return undefined;
  }

  #whole(): Typed {
    return { line: new TextDecoder().decode(Uint8Array.from(this.#bytes)) };
  }

  /** A character of UTF-8, with the bytes that go on with it. */
  #erase(): void {
    for (let last = this.#bytes.pop(); last !== undefined; last = this.#bytes.pop()) {
      if ((last & 0xc0) !== 0x80) return;
    }
  }
}
