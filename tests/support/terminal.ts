import { assertMatch } from "@std/assert";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { qemuArgv } from "../../lib/qemu/machine.ts";
import { PATIENCE } from "./virtual_machine.ts";

/** A machine in QEMU whose serial console is typed at. */
export class Terminal implements AsyncDisposable {
  text = "";
  readonly #process;
  readonly #input;
  readonly #read: Promise<void>;

  /**
   * A host, by a BIOS, without a network.
   * @param disks Beside the card, with serial numbers from DISK1.
   */
  static ofHost(card: string, disks: readonly string[]): Terminal {
    return new Terminal(qemuArgv({
      arch: "x86_64",
      image: card,
      moreDisks: disks.map((image, i) => ({ image, serial: `DISK${i + 1}` })),
      snapshot: false,
      firmware: { kind: "bios" },
      accelerator: "tcg",
      memoryMiB: 512,
      processors: 1,
      network: { kind: "none" },
      serial: { kind: "stdio" },
    }));
  }

  /** @param argv A QEMU whose serial port is its standard input and output. */
  constructor(argv: readonly [string, ...string[]]) {
    this.#process = denoRunner().spawn({ argv });
    this.#input = this.#process.stdin.getWriter();
    void this.#process.stderr.cancel();
    this.#read = this.#collect();
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoderStream();
    for await (const part of this.#process.stdout.pipeThrough(decoder)) this.text += part;
  }

  types(text: string): void {
    void this.#input.write(new TextEncoder().encode(text));
  }

  async sees(seconds: number, pattern: RegExp): Promise<void> {
    const end = performance.now() + seconds * PATIENCE * 1000;
    while (!pattern.test(this.text)) {
      if (performance.now() > end) assertMatch(this.text.slice(-8000), pattern);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** Waits until the machine has ended by itself. */
  async ends(seconds: number): Promise<void> {
    const late = AbortSignal.timeout(seconds * PATIENCE * 1000);
    const stop = Promise.withResolvers<never>();
    late.addEventListener(
      "abort",
      () => stop.reject(new Error(`still on: ${this.text.slice(-8000)}`)),
    );
    await Promise.race([this.#process.ended, stop.promise]);
    await this.#read;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await this.#input.close().catch(() => undefined);
    await this.#read;
  }
}
