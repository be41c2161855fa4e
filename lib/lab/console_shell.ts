import { TowerError } from "../errors.ts";
import type { RunningProcess } from "../proc/command.ts";

/** How a command on a console ended, and what it showed. */
export interface Shown {
  readonly code: number;
  /** Without carriage returns. */
  readonly text: string;
}

/** Most characters of a console that are kept, and that an error shows. */
const [MOST, SHOWN] = [1 << 20, 4000];
/** What moves or asks for the cursor (ECMA-48, CSI), as busybox' line editor does behind its prompt. */
// deno-lint-ignore no-control-regex
const CURSOR = /\x1b\[[0-9;?]*[A-Za-z]/g;

/**
 * A shell at a machine's serial console, which is the standard input and output of its QEMU. The
 * terminal does not echo what is typed, and a command's end is told by a line.
 */
export class ConsoleShell {
  #seen = "";
  #over = false;
  #changed = Promise.withResolvers<void>();
  readonly #typing: WritableStreamDefaultWriter<Uint8Array>;

  constructor(process: RunningProcess) {
    this.#typing = process.stdin.getWriter();
    void this.#read(process.stdout);
  }

  /** Waits for a shell that nobody has to log in at, and makes it quiet. @param seconds at most */
  async open(seconds: number): Promise<void> {
    await this.until(/\$ $/, seconds);
    await this.type("stty -echo; PS1=; printf 'is-%s\\n' open\n");
    await this.until(/^is-open\n/m, seconds);
  }

  /** What was shown since the last command began. */
  get seen(): string {
    return this.#seen;
  }

  /**
   * Waits until the console shows something.
   * @param seconds at most
   * @throws {TowerError} `tool` with what it shows last
   */
  async until(pattern: RegExp, seconds: number): Promise<void> {
    const late = AbortSignal.timeout(seconds * 1000);
    const timeUp = new Promise<void>((resolve) => late.addEventListener("abort", () => resolve()));
    while (!pattern.test(this.#seen)) {
      if (this.#over || late.aborted) {
        const why = this.#over ? "the machine is off" : `waited ${seconds} s`;
        const end = this.#seen.slice(-SHOWN);
        throw new TowerError("tool", `Cannot see ${pattern} at the console: ${why}\n${end}`);
      }
      await Promise.race([this.#changed.promise, timeUp]);
    }
  }

  /** Types text. At a machine that is off it is lost, which {@linkcode until} tells. */
  async type(text: string): Promise<void> {
    await this.#typing.write(new TextEncoder().encode(text)).catch(() => undefined);
  }

  /** Runs a line of shell. @param seconds that it may take */
  async run(line: string, seconds: number): Promise<Shown> {
    this.#seen = "";
    await this.type(`${line}; printf '\\n%s=%s=\\n' end-of "$?"\n`);
    await this.until(END, seconds);
    const [text = "", code = ""] = this.#seen.split(END);
    return { code: Number(code), text };
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      const text = part.replaceAll("\r", "");
      this.#seen = `${this.#seen}${text}`.replace(CURSOR, "").slice(-MOST);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
    this.#over = true;
    this.#changed.resolve();
  }
}

const END = /\nend-of=(\d+)=\n/;
