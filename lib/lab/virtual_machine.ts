import { join } from "@std/path";
import type { Command, Ending, Runner, RunningProcess } from "../proc/command.ts";
import { type MachineSpec, qemuArgv } from "../qemu/machine.ts";

/** What is chosen of a machine; the rest fits every lab. */
export type LabMachine =
  & Pick<MachineSpec, "image" | "snapshot" | "firmware" | "network">
  & Partial<
    Pick<
      MachineSpec,
      "arch" | "moreDisks" | "memoryMiB" | "statusFile" | "disk" | "card" | "writeLog"
    >
  >
  & {
    /** What its hardware clock says at the start: `1970-01-01T00:00:00`. */
    readonly clock?: string;
    /** Has a place into which {@linkcode VirtualMachine.plugIn} puts a network card. */
    readonly hasPlug?: boolean;
  };

/** Where and how a machine runs. */
export interface MachineRun {
  /** Where its log goes, and what it is spoken to by. */
  readonly folder: string;
  /** How many times longer everything may take than on a quiet computer. */
  readonly patience: number;
  /** Puts the command where it has to run, such as a network namespace. */
  readonly place?: ((command: Command) => Command) | undefined;
}

/** A machine that runs in QEMU, its serial console in a file. It ends with its owner. */
export class VirtualMachine implements AsyncDisposable {
  readonly #process: RunningProcess;
  readonly #log: string;
  readonly #stderr: Promise<string>;

  private constructor(
    process: RunningProcess,
    log: string,
    private readonly control: string,
    private readonly patience: number,
  ) {
    this.#process = process;
    this.#log = log;
    this.#stderr = new Response(process.stderr).text();
    void process.stdout.cancel();
  }

  /** Starts one under emulation. */
  static start(
    runner: Runner,
    machine: LabMachine,
    { folder, patience, place = (command) => command }: MachineRun,
  ): VirtualMachine {
    const log = join(folder, "console.log");
    // QEMU empties it only once it runs: what an earlier machine showed is not this one's.
    Deno.writeTextFileSync(log, "");
    const argv = qemuArgv({
      arch: "x86_64",
      accelerator: "tcg",
      memoryMiB: 512,
      processors: 1,
      ...machine,
      serial: { kind: "file", path: log },
    });
    const control = join(folder, "control");
    if (machine.clock !== undefined) argv.push("-rtc", `base=${machine.clock}`);
    if (machine.hasPlug) {
      argv.push("-device", "pcie-root-port,id=plug", "-qmp", `unix:${control},server=on,wait=off`);
    }
    return new VirtualMachine(runner.spawn(place({ argv })), log, control, patience);
  }

  /** What the console showed so far. */
  console(): string {
    try {
      return Deno.readTextFileSync(this.#log);
    } catch {
      return "";
    }
  }

  /** Puts a network card into it while it runs, its cable in a tap interface (QEMU's QMP). */
  async plugIn(tap: string): Promise<void> {
    using control = await Deno.connect({ transport: "unix", path: this.control });
    const lines = control.readable.pipeThrough(new TextDecoderStream()).getReader();
    let heard = "";
    const netdev = { type: "tap", id: "new", ifname: tap, script: "no", downscript: "no" };
    for (
      const [execute, args] of [
        ["qmp_capabilities", {}],
        ["netdev_add", netdev],
        ["device_add", { driver: "virtio-net-pci", netdev: "new", bus: "plug", romfile: "" }],
      ] as const
    ) {
      const order = JSON.stringify({ execute, arguments: args, id: execute });
      await control.write(new TextEncoder().encode(`${order}\n`));
      const answer = new RegExp(`.*"id": ?"${execute}".*`);
      while (!answer.test(heard)) heard += (await lines.read()).value ?? "";
      const [said] = answer.exec(heard)!;
      if (said.includes('"error"')) throw new Error(said);
    }
  }

  get ended(): Promise<Ending> {
    return this.#process.ended;
  }

  /**
   * Waits until the machine is gone.
   * @throws with the console's last lines when it does not leave in time.
   */
  async waitForEnd(seconds: number): Promise<Ending> {
    const timeout = AbortSignal.timeout(seconds * this.patience * 1000);
    const late = new Promise<never>((_, reject) =>
      timeout.addEventListener("abort", () => reject(new Error(`still on after ${seconds} s`)))
    );
    return await this.orConsole(() => Promise.race([this.#process.ended, late]));
  }

  /** Tries until it works, the machine ends, or the time is up. */
  async eventually<T>(seconds: number, attempt: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + seconds * this.patience * 1000;
    let over: Ending | undefined;
    void this.#process.ended.then((ending) => over = ending);
    return await this.orConsole(async () => {
      for (;;) {
        try {
          return await attempt();
        } catch (error) {
          if (over) {
            throw new Error(`the machine ended: ${JSON.stringify(over)} ${await this.#stderr}`);
          }
          if (Date.now() > deadline) throw error;
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
      }
    });
  }

  /** Runs a check; its failure shows the console's last lines. */
  async orConsole<T>(check: () => Promise<T>): Promise<T> {
    try {
      return await check();
    } catch (cause) {
      const lines = this.console().split("\n").slice(-80).join("\n");
      throw new Error(`${(cause as Error).message}\n--- console ---\n${lines}\n---`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
