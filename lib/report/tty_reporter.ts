import { printable } from "../errors.ts";
import type { Event, TickingReporter } from "./event.ts";
import { messageLine } from "./plain_reporter.ts";
import { percentOf } from "./quantity.ts";
import { type Clock, progressTexts, type RunningStep, RunningSteps } from "./running_steps.ts";
import type { TextSink } from "./text_sink.ts";

export interface TtyOptions {
  readonly clock: Clock;
  /** Width of the terminal in characters. */
  readonly columns: number;
  /** Whether warnings are yellow; false where NO_COLOR is set (no-color.org). */
  readonly color?: boolean;
  /** Keeps what is typed from showing, as long as what it gives lives. */
  readonly hush: () => Disposable;
}

/** Milliseconds between two drawings of progress. */
const DRAW_EVERY = 100;
const BAR = 20;

/**
 * Draws running steps on a terminal, one line each, below the lines that stay. Disposing it takes
 * the running lines away, as is due before an error is shown.
 */
export function ttyReporter(sink: TextSink, options: TtyOptions): TickingReporter & Disposable {
  return new TtyReporter(sink, options);
}

class TtyReporter implements TickingReporter, Disposable {
  readonly #sink: TextSink;
  readonly #options: TtyOptions;
  readonly #steps: RunningSteps;
  /** Lines of running steps on the screen now. */
  #drawn = 0;
  #drawnAt = -Infinity;
  #hush: Disposable | undefined;

  constructor(sink: TextSink, options: TtyOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#steps = new RunningSteps(options.clock);
  }

  report(event: Event): void {
    switch (event.type) {
      case "step":
        this.#steps.begin(event);
        return this.#draw("");
      case "progress": {
        const isDue = this.#options.clock() - this.#drawnAt >= DRAW_EVERY;
        if (this.#steps.advance(event) && isDue) this.#draw("");
        return;
      }
      case "done": {
        const line = this.#steps.end(event);
        if (line !== undefined) this.#draw(printable(line));
        return;
      }
      default:
        return this.#draw(`${this.#message(event)}\n`);
    }
  }

  /** Time goes by on the screen too. */
  tick(): void {
    if (this.#drawn > 0) this.#draw("");
  }

  [Symbol.dispose](): void {
    this.#sink.write(this.#erased());
    this.#drawn = 0;
    this.#unhush();
  }

  #unhush(): void {
    this.#hush?.[Symbol.dispose]();
    this.#hush = undefined;
  }

  #message(event: Event & { type: "warning" | "info" }): string {
    const text = printable(messageLine(event));
    return event.type === "warning" && this.#options.color ? `\x1b[33m${text}\x1b[0m` : text;
  }

  /** Replaces the running lines by some that stay and the running lines of now, in one write. */
  #draw(staying: string): void {
    const lines = [...this.#steps].map((step) => `${this.#line(step)}\n`);
    // A line feed that is typed below the running lines would be one that erasing does not know of.
    if (lines.length > 0) this.#hush ??= this.#options.hush();
    this.#sink.write(this.#erased() + staying + lines.join(""));
    this.#drawn = lines.length;
    this.#drawnAt = this.#options.clock();
    if (lines.length === 0) this.#unhush();
  }

  /** Cursor up and erase below (ECMA-48: CUU, ED). */
  #erased(): string {
    return this.#drawn === 0 ? "" : `\x1b[${this.#drawn}A\x1b[J`;
  }

  /** A line that never wraps: a wrapped one would be two lines to erase. How far it is stays last. */
  #line(step: RunningStep): string {
    const width = Math.max(1, this.#options.columns - 1);
    const name = printable(step.title).replaceAll(/\s/g, " ");
    const texts = progressTexts(step, this.#options.clock());
    const bar = step.total === undefined ? "" : barOf(step.done, step.total);
    for (const [middle, text] of [[bar, texts[0]!], ...texts.map((text) => ["", text])]) {
      const whole = [name, middle, text].filter((part) => part !== "").join("  ");
      if (lengthOf(whole) <= width) return whole;
    }
    const last = texts.at(-1)!;
    const room = width - lengthOf(last) - 2;
    return last === "" || room < 1 ? cut(last || name, width) : `${cut(name, room)}  ${last}`;
  }
}

function barOf(done: number, total: number): string {
  const full = Math.floor(BAR * percentOf(done, total) / 100);
  return `[${"#".repeat(full)}${".".repeat(BAR - full)}]`;
}

/** Columns of a text, taken as two for all that may be wide (East Asian, emoji). */
function lengthOf(text: string): number {
  return Array.from(text).reduce((sum, c) => sum + columnsOf(c), 0);
}

function columnsOf(char: string): number {
  return char.codePointAt(0)! >= 0x1100 ? 2 : 1;
}

function cut(text: string, width: number): string {
  if (lengthOf(text) <= width) return text;
  let out = "", used = 1;
  for (const char of text) {
    if ((used += columnsOf(char)) > width) break;
    out += char;
  }
  return `${out}…`;
}
