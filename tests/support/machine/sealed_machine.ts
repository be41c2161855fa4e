import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { join } from "@std/path";
import { openEngine } from "../../../build/engine/engine.ts";
import { build } from "../../../build/pipeline.ts";
import { makeSecureBootKeys } from "../../../build/secure_boot/key_folder.ts";
import { readSecureBootKey } from "../../../build/secure_boot/signers.ts";
import { EFI_NAME } from "../../../lib/boot/systemd_boot.ts";
import { realEnv } from "../../../lib/env.ts";
import { piecesOfImage, withoutSignatures } from "../../../lib/format/pe/certificate_table.ts";
import { readPe } from "../../../lib/format/pe/headers.ts";
import { memorySource } from "../../../lib/bytes/bytes.ts";
import type { LabMachine, VirtualMachine } from "../../../lib/lab/virtual_machine.ts";
import { exists } from "../../../lib/files/files.ts";
import type { Runner } from "../../../lib/proc/command.ts";
import { freePort } from "../../../lib/qemu/deno_loopback.ts";
import { type MachineArch, SECURE_BOOT_FILES } from "../../../lib/qemu/machine.ts";
import type { BuildRecord } from "../../../lib/release/record.ts";
import { silent } from "../../../lib/report/event.ts";
import { keySigner } from "../../../lib/secure_boot/efi_signer.ts";
import { labMissing, labRequest } from "../build/lab_system.ts";
import { packUpdate } from "../build/slot_update.ts";
import { programsMissing } from "../program/missing_programs.ts";
import type { SshClient } from "./ssh_client.ts";
import { startMachine } from "./test_machine.ts";

/** Of the boot partition. */
export const UNIFIED_IMAGE = "EFI/tower/a.efi";
export const LOADER = "EFI/BOOT/BOOTX64.EFI";
const EPOCH = 1_704_067_200;

const firmware = (arch: MachineArch) =>
  SECURE_BOOT_FILES[arch].find((files) => Object.values(files).every((file) => exists(file)));

/** Why no sealed machine can be had here, or undefined where it can. */
export function sealedMissing(runner: Runner, arch: MachineArch = "x86_64"): string | undefined {
  return labMissing(arch) ??
    programsMissing(runner, `qemu-system-${arch}`, "mcopy", "ssh-keygen", "tar") ??
    (firmware(arch) ? undefined : `no UEFI for ${arch} with Secure Boot`);
}

export interface SealedImage {
  readonly image: string;
  readonly record: BuildRecord;
}

/** A build of a sealed system, in a folder of its own. */
export interface SealedBuild extends SealedImage {
  readonly folder: string;
}

/**
 * Builds `lab-sealed` as a new user does, with keys that are made here.
 *
 * @param publicKey of who may log in, and sign updates
 * @param version what /etc/version says, and the folder's name
 * @param keys which firmware keys sign; the first build of a name makes them
 */
export async function buildSealed(
  folder: string,
  publicKey: string,
  { version = "first", keys = "keys", arch = "x86_64" as MachineArch } = {},
): Promise<SealedBuild> {
  const keyFolder = join(folder, keys);
  if (!exists(keyFolder)) {
    await makeSecureBootKeys({
      ...{ folder: keyFolder, name: "Boot test", alsoTrusted: [] },
      ...{ notBefore: EPOCH, notAfter: 2_524_607_999, timestamp: EPOCH },
    });
  }
  const loader = `/usr/lib/systemd/boot/efi/systemd-boot${EFI_NAME[arch]}.efi`;
  const sign = [loader, `/boot/${UNIFIED_IMAGE}`];
  const users = [{ name: "root", authorizedKeys: [publicKey] }];
  const parts = Object.fromEntries(UPDATED.map(([part, file]) => [part, file]));
  const manifest = {
    ...{ name: "sealed", extends: "lab-sealed" },
    stages: [
      { kind: "accounts", users },
      { kind: "files", files: [{ path: "/etc/version", contents: `${version}\n` }] },
      { kind: "slots", loader: "systemd-boot", parts, signers: [publicKey], tries: 2 },
    ],
    trees: { sealed: { stages: [{ kind: "secure-boot", keys, sign, enroll: true }] } },
  };
  const system = join(folder, `${version}.yaml`);
  // JSON is YAML.
  Deno.writeTextFileSync(system, JSON.stringify(manifest));
  const env = realEnv();
  const efiSigner = keySigner(...readSecureBootKey(join(keyFolder, "db.key"), env.notes));
  using engine = openEngine(env, { offline: true, json: false, jobs: 2, efiSigner });
  const output = join(folder, version);
  const request = labRequest(system, arch, output);
  const { record } = await build(request, { ...engine, reporter: silent });
  return { folder: output, image: join(output, "lab-sealed.img"), record };
}

/** The files of a build that an update is, by the parts of a slot. */
const UPDATED = [
  ["root", "lab-sealed.squashfs"],
  ["verity", "lab-sealed.verity"],
  ["program", "lab-sealed.efi"],
] as const;

/** Signs a build's list of digests with an OpenSSH key, and packs what a slot takes: the tar's path. */
export function sealedUpdate(
  runner: Runner,
  { folder }: SealedBuild,
  key: string,
): Promise<string> {
  return packUpdate(runner, folder, UPDATED.map(([, file]) => file), "update.tar", { key });
}

/** Starts a machine with Secure Boot's variables in `folder`; they are new ones at first. */
export function startSealed(
  runner: Runner,
  folder: string,
  { image, port, keeps = false, arch = "x86_64", moreDisks = [] }: {
    readonly image: string;
    readonly arch?: MachineArch;
    readonly port?: number;
    readonly moreDisks?: NonNullable<LabMachine["moreDisks"]>;
    /** Whether what it writes stays. */
    readonly keeps?: boolean;
  },
): VirtualMachine {
  const variables = join(folder, "variables");
  const files = firmware(arch)!;
  if (!exists(variables)) Deno.copyFileSync(files.variables, variables);
  return startMachine(runner, folder, {
    ...{ arch, image, snapshot: !keeps, moreDisks },
    firmware: { kind: "secure-boot", code: files.code, variables },
    network: port === undefined
      ? { kind: "none" }
      : { kind: "user", forwards: [{ host: port, guest: 22 }] },
  });
}

/** Seconds until a machine answers, its slot is good, and it is off. */
const [START, GOOD, STOP] = [150, 120, 60];

/** Asks a machine by SSH; what it is given is the standard input of the command. */
export type Ask = (command: string, input?: string) => Promise<string>;

/** Starts a sealed machine until it answers and its slot is good; asks it, and switches it off. */
export async function askSealed(
  runner: Runner,
  folder: string,
  { client, ...machine }: {
    readonly client: SshClient;
    readonly image: string;
    readonly arch?: MachineArch;
  },
  questions: (ssh: Ask) => Promise<void>,
): Promise<void> {
  const port = freePort();
  await using started = startSealed(runner, folder, { ...machine, port, keeps: true });
  const ssh: Ask = (command, input) =>
    client.run(
      { address: "127.0.0.1", port },
      command,
      (c) => input === undefined ? c : { ...c, stdin: Deno.readFileSync(input) },
    );
  await started.eventually(START, () => ssh("true"));
  await started.orConsole(async () => {
    const isGood = async () => assertMatch(await ssh("tower-slot status"), /good, running/);
    await started.eventually(GOOD, isGood);
    await questions(ssh);
    await ssh("poweroff").catch(() => undefined); // sshd may end first
    assertEquals(await started.waitForEnd(STOP), { kind: "exited", code: 0 });
    assertNotMatch(started.console(), /\[ !! \]|Call Trace|No such file/);
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
