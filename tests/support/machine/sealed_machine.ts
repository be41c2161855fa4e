import { join } from "@std/path";
import { openEngine } from "../../../build/engine/engine.ts";
import { build } from "../../../build/pipeline.ts";
import { makeSecureBootKeys } from "../../../build/secure_boot/key_folder.ts";
import { readSecureBootKey } from "../../../build/secure_boot/signers.ts";
import { realEnv } from "../../../lib/env.ts";
import { piecesOfImage, withoutSignatures } from "../../../lib/format/pe/certificate_table.ts";
import { readPe } from "../../../lib/format/pe/headers.ts";
import { memorySource } from "../../../lib/bytes/bytes.ts";
import type { VirtualMachine } from "../../../lib/lab/virtual_machine.ts";
import { exists } from "../../../lib/files/files.ts";
import type { Runner } from "../../../lib/proc/command.ts";
import { SECURE_BOOT_FILES } from "../../../lib/qemu/machine.ts";
import type { BuildRecord } from "../../../lib/release/record.ts";
import { silent } from "../../../lib/report/event.ts";
import { keySigner } from "../../../lib/secure_boot/efi_signer.ts";
import { labMissing, labRequest } from "../build/lab_system.ts";
import { programsMissing } from "../program/missing_programs.ts";
import { startMachine } from "./test_machine.ts";

/** Of the boot partition. */
export const UNIFIED_IMAGE = "EFI/Linux/lab-sealed.efi";
export const LOADER = "EFI/BOOT/BOOTX64.EFI";
const EPOCH = 1_704_067_200;

const firmware = SECURE_BOOT_FILES.x86_64.find(({ code, variables }) =>
  [code, variables].every((file) => exists(file))
);

/** Why no sealed machine can be had here, or undefined where it can. */
export function sealedMissing(runner: Runner): string | undefined {
  return labMissing() ?? programsMissing(runner, "qemu-system-x86_64", "mcopy") ??
    (firmware ? undefined : "no OVMF with Secure Boot");
}

export interface SealedImage {
  readonly image: string;
  readonly record: BuildRecord;
}

/** Builds `lab-sealed` as a new user does, with keys that are made here. */
export async function buildSealed(folder: string, publicKey: string): Promise<SealedImage> {
  await makeSecureBootKeys({
    ...{ folder: join(folder, "keys"), name: "Boot test", alsoTrusted: [] },
    ...{ notBefore: EPOCH, notAfter: 2_524_607_999, timestamp: EPOCH },
  });
  const sign = ["/usr/lib/systemd/boot/efi/systemd-bootx64.efi", `/boot/${UNIFIED_IMAGE}`];
  const stage = { kind: "secure-boot", keys: "keys", sign, enroll: true };
  const users = [{ name: "root", authorizedKeys: [publicKey] }];
  const manifest = {
    ...{ name: "sealed", extends: "lab-sealed" },
    ...{ stages: [{ kind: "accounts", users }], trees: { sealed: { stages: [stage] } } },
  };
  const system = join(folder, "sealed.yaml");
  // JSON is YAML.
  Deno.writeTextFileSync(system, JSON.stringify(manifest));
  const env = realEnv();
  const efiSigner = keySigner(...readSecureBootKey(join(folder, "keys/db.key"), env.notes));
  using engine = openEngine(env, { offline: true, json: false, jobs: 2, efiSigner });
  const request = labRequest(system, "x86_64", folder);
  const { record } = await build(request, { ...engine, reporter: silent });
  return { image: join(folder, "lab-sealed.img"), record };
}

/** Starts a machine with Secure Boot's variables in `folder`; they are new ones at first. */
export function startSealed(
  runner: Runner,
  folder: string,
  { image, port }: { readonly image: string; readonly port?: number },
): VirtualMachine {
  const variables = join(folder, "variables");
  if (!exists(variables)) Deno.copyFileSync(firmware!.variables, variables);
  return startMachine(runner, folder, {
    ...{ image, snapshot: true },
    firmware: { kind: "secure-boot", code: firmware!.code, variables },
    network: port === undefined
      ? { kind: "none" }
      : { kind: "user", forwards: [{ host: port, guest: 22 }] },
  });
}

/** The boot partition of an image, as mtools name it. */
export function bootPartition({ image, record }: SealedImage): string {
  const [disk] = record.artifacts;
  const { offset } = disk!.partitions!.find(({ name }) => name === "esp")!;
  return `${image}@@${offset}`;
}

/** Takes the signature off the unified kernel image of a disk. */
export async function unsign(runner: Runner, sealed: SealedImage): Promise<void> {
  const partition = bootPartition(sealed);
  const file = `${sealed.image}.efi`;
  await runner.run({ argv: ["mcopy", "-n", "-i", partition, `::${UNIFIED_IMAGE}`, file] });
  const bytes = Deno.readFileSync(file);
  const pieces = piecesOfImage(withoutSignatures(readPe(memorySource(bytes))), [bytes]);
  using out = Deno.openSync(file, { write: true, truncate: true });
  for (const piece of pieces) {
    for (let done = 0; done < piece.length;) done += out.writeSync(piece.subarray(done));
  }
  await runner.run({ argv: ["mcopy", "-o", "-i", partition, file, `::${UNIFIED_IMAGE}`] });
}
