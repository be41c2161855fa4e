import { join } from "@std/path";
import type { Command, Ending, Runner, RunningProcess } from "../../lib/proc/command.ts";
import { type MachineSpec, qemuArgv } from "../../lib/qemu/machine.ts";

/** What a test chooses of a machine; the rest fits all tests. */
export type TestMachine =
  & Pick<MachineSpec, "image" | "snapshot" | "firmware" | "network">
  & Partial<Pick<MachineSpec, "arch" | "moreDisks" | "memoryMiB" | "statusFile" | "disk" | "card">>;

/** How many times longer everything may take, on a machine that has other work: `TOWER_PATIENCE`. */
export const PATIENCE = Number(Deno.env.get("TOWER_PATIENCE") ?? 1);

/** A machine that runs in QEMU, its serial console in a file. It ends with its owner. */
export class VirtualMachine implements AsyncDisposable {
  readonly #process: RunningProcess;
  readonly #log: string;
  readonly #stderr: Promise<string>;

  private constructor(process: RunningProcess, log: string) {
    this.#process = process;
    this.#log = log;
    this.#stderr = new Response(process.stderr).text();
    void process.stdout.cancel();
  }

  /**
   * Starts one under emulation.
   * @param folder Where its log goes.
   * @param place Puts the command where it has to run, such as a network namespace.
   */
  static start(
    runner: Runner,
    folder: string,
    machine: TestMachine,
    place: (command: Command) => Command = (command) => command,
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
    return new VirtualMachine(runner.spawn(place({ argv })), log);
  }

  /** What the console showed so far. */
  console(): string {
    try {
      return Deno.readTextFileSync(this.#log);
    } catch {
      return "";
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
    const timeout = AbortSignal.timeout(seconds * PATIENCE * 1000);
    const late = new Promise<never>((_, reject) =>
      timeout.addEventListener("abort", () => reject(new Error(`still on after ${seconds} s`)))
    );
    return await this.orConsole(() => Promise.race([this.#process.ended, late]));
  }

  /** Tries until it works, the machine ends, or the time is up. */
  async eventually<T>(seconds: number, attempt: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + seconds * PATIENCE * 1000;
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
