import { assertMatch } from "@std/assert";
import type { Command } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";

/** A program that is typed at, and whose output is watched. */
export class TypedProgram implements AsyncDisposable {
  text = "";
  protected readonly process;
  protected readonly read: Promise<void>;
  readonly #input;

  constructor(command: Command) {
    this.process = denoRunner().spawn(command);
    this.#input = this.process.stdin.getWriter();
    void this.process.stderr.cancel();
    this.read = this.#collect();
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoderStream();
    for await (const part of this.process.stdout.pipeThrough(decoder)) this.text += part;
  }

  /** What is typed at a program that has ended is lost, as at a terminal: that is no failure of a test. */
  types(text: string): void {
    this.#input.write(new TextEncoder().encode(text)).catch(() => undefined);
  }

  /** Waits until the program closed its output. */
  async ended(): Promise<void> {
    await this.read;
  }

  /** Waits until the output has a text. */
  async sees(seconds: number, pattern: RegExp): Promise<void> {
    const end = performance.now() + seconds * 1000;
    while (!pattern.test(this.text)) {
      if (performance.now() > end) assertMatch(this.text.slice(-8000), pattern);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
    await this.#input.close().catch(() => undefined);
    await this.read;
  }
}
