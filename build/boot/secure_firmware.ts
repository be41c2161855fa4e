import { join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { printable, TowerError } from "../../lib/errors.ts";
import { copyDisk } from "../../lib/files/disk_file.ts";
import { exists, tempDir } from "../../lib/files/files.ts";
import {
  type MachineArch,
  type MachineSpec,
  MODELS,
  qemuArgv,
  SECURE_BOOT_FILES,
} from "../../lib/qemu/machine.ts";

/** How long a machine may take to learn keys, in seconds. */
const PATIENCE = 180;

/** A firmware that checks signatures; its variables vanish with its owner. */
export interface SecureFirmware extends Disposable {
  readonly firmware: MachineSpec["firmware"];
}

/**
 * Starts a new machine from an image that enrols its keys, until it starts again: its firmware then knows
 * them, and starts what they signed alone.
 *
 * @throws {TowerError} `not-found` without such a firmware, `unsupported` where nothing is enrolled
 */
export async function enrolKeys(
  { arch, image, accelerator }: {
    readonly arch: MachineArch;
    readonly image: string;
    readonly accelerator: "kvm" | "tcg";
  },
  env: Env,
): Promise<SecureFirmware> {
  const { code, variables: fresh } = secureFirmwareFiles(arch);
  const folder = tempDir();
  try {
    const variables = join(folder.path, "variables");
    copyDisk(fresh, variables);
    const firmware = { kind: "secure-boot", code, variables } as const;
    const argv = qemuArgv({
      ...{ arch, image, firmware, accelerator, snapshot: true, memoryMiB: 512, processors: 1 },
      network: { kind: "none" },
      serial: { kind: "file", path: join(folder.path, "console") },
    });
    env.notes.write(`Booting ${printable(image)} once, for the firmware to learn its keys\n`);
    await untilRestart(argv, image, env);
    return { firmware, [Symbol.dispose]: () => folder[Symbol.dispose]() };
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

/** @throws {TowerError} `not-found` with what brings one. */
export function secureFirmwareFiles(arch: MachineArch) {
  const files = SECURE_BOOT_FILES[arch].find(({ code, variables }) =>
    exists(code) && exists(variables)
  );
  if (files) return files;
  const [apt, apk] = MODELS[arch].packages.firmware;
  throw new TowerError("not-found", "Cannot find a UEFI firmware that checks signatures", {
    hint: `Debian: apt-get install ${apt}; Alpine: apk add ${apk}`,
  });
}

/** QEMU ends where its machine would start again. */
async function untilRestart(argv: [string, ...string[]], image: string, env: Env): Promise<void> {
  const late = AbortSignal.timeout(PATIENCE * 1000);
  await using qemu = env.runner.spawn({ argv }, { signal: AbortSignal.any([env.signal, late]) });
  const ending = await qemu.ended;
  env.signal.throwIfAborted();
  if (ending.kind === "exited" && ending.code === 0) return;
  const cause = late.aborted
    ? `its machine did not start again within ${PATIENCE} s`
    : "its machine failed";
  throw new TowerError("unsupported", `Cannot enrol the keys of "${image}": ${cause}`, {
    hint:
      "the stage secure-boot of its manifest enrols them: enroll: true; --firmware uefi boots it unchecked",
  });
}
