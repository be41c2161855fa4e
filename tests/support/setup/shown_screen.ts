/** What a terminal shows after what was written to it, as far as a VT100 and a dialog go. */
export class ShownScreen {
  readonly #rows: string[][];
  #row = 0;
  #column = 0;

  constructor(readonly columns: number, readonly rows: number) {
    this.#rows = Array.from({ length: rows }, () => []);
  }

  /** @throws {Error} at what no VT100 knows, or what would make it scroll or wrap */
  write(text: string): void {
    for (
      const { 1: csi, 2: char, index } of text.matchAll(/\x1b\[([0-9;]*[HJKm])|([\x20-\x7e])|[^]/g)
    ) {
      if (char !== undefined) this.#put(char);
      else if (csi !== undefined) this.#control(csi);
      else throw new Error(`the terminal gets ${JSON.stringify(text.slice(index, index + 20))}`);
    }
  }

  /** Its lines without blanks at their ends. */
  get lines(): string[] {
    return this.#rows.map((row) => Array.from(row, (c) => c ?? " ").join("").trimEnd());
  }

  #put(char: string): void {
    if (this.#column >= this.columns - 1) throw new Error("the last column is written");
    this.#rows[this.#row]![this.#column++] = char;
  }

  #control(csi: string): void {
    const [row = 1, column = 1] = csi.slice(0, -1).split(";").map((n) => Number(n) || 1);
    switch (csi.at(-1)) {
      case "H":
        if (row > this.rows || column > this.columns) throw new Error(`the cursor goes to ${csi}`);
        [this.#row, this.#column] = [row - 1, column - 1];
        break;
      case "J":
        for (let i = this.#row + 1; i < this.rows; i++) this.#rows[i] = [];
        this.#rows[this.#row]!.length = Math.min(this.#rows[this.#row]!.length, this.#column);
        break;
      case "K":
        this.#rows[this.#row]!.length = Math.min(this.#rows[this.#row]!.length, this.#column);
    }
  }
}
