import { qemuArgv } from "../../../lib/qemu/machine.ts";
import { TypedProgram } from "./typed_program.ts";
import { PATIENCE } from "../machine/test_machine.ts";

/** A machine in QEMU whose serial console is typed at. */
export class Terminal extends TypedProgram {
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
    super({ argv });
  }

  override sees(seconds: number, pattern: RegExp): Promise<void> {
    return super.sees(seconds * PATIENCE, pattern);
  }

  /** Waits until the machine has ended by itself. */
  async ends(seconds: number): Promise<void> {
    const late = AbortSignal.timeout(seconds * PATIENCE * 1000);
    const stop = Promise.withResolvers<never>();
    late.addEventListener(
      "abort",
      () => stop.reject(new Error(`still on: ${this.text.slice(-8000)}`)),
    );
    await Promise.race([this.process.ended, stop.promise]);
    await this.read;
  }
}
