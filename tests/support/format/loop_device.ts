import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { tempFolder } from "../program/file_sink.ts";

const runner = denoRunner();

/** A block device over a file; ends with its owner. */
export class LoopDevice implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async create(file: string): Promise<LoopDevice> {
    const { stdout } = await runner.run({ argv: ["losetup", "--find", "--show", file] });
    return new LoopDevice(new TextDecoder().decode(stdout).trim());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await runner.run({ argv: ["losetup", "--detach", this.path] });
  }
}

/** Why there are no loop devices here, or undefined. For `ignore`. */
export async function loopMissing(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "loop devices need root";
  using folder = tempFolder();
  const file = join(folder.path, "probe");
  Deno.writeFileSync(file, new Uint8Array(1 << 20));
  try {
    await using _ = await LoopDevice.create(file);
    return undefined;
  } catch {
    return "this machine has no loop devices";
  }
}
