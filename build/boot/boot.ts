import type { Arch } from "../../lib/brand.ts";
import type { Env } from "../../lib/env.ts";
import { printable, TowerError } from "../../lib/errors.ts";
import { freePort } from "../../lib/qemu/deno_loopback.ts";
import { acceleratorWorks, probeSector } from "../../lib/qemu/kvm_probe.ts";
import {
  type DiskKind,
  type Forward,
  guestStatus,
  type MachineArch,
  type MachineSpec,
  MODELS,
  qemuArgv,
} from "../../lib/qemu/machine.ts";
import { exists, readText, tempDir, writeFileAtomic } from "../../lib/files/files.ts";
import { openStore } from "../../lib/store/content_store.ts";
import type { MachineLogin } from "../../lib/ssh/machine_ssh.ts";
import { join } from "@std/path";
import { namedImage, openRawImage } from "./boot_image.ts";
import { identityAt, loginAt, loginLine } from "./boot_login.ts";
import { shellIn } from "./boot_shell.ts";
import { prepareHostDisk } from "./host_disk.ts";
import { type SampleRole, writeSampleEnv } from "./sample_host.ts";
import { enrolKeys } from "./secure_firmware.ts";

const SSH_PORT = 22;

/** Who an image's host is to be. */
export interface HostRequest {
  /** A tower.env of the user's own, or the role of a sample. */
  readonly as: { readonly towerEnv: string } | { readonly role: SampleRole };
  /** Size of the disk; the image's own by default. */
  readonly diskMiB: number | undefined;
}

/** What an image can be to a machine, and its device; a stick is a disk on USB. */
const MEDIA = { disk: "virtio", stick: "usb", cd: "cd" } as const satisfies Record<
  string,
  DiskKind
>;
export type BootMedium = keyof typeof MEDIA;

/** How a machine starts; secure-boot is a UEFI that has learnt the image's keys, and checks by them. */
export type BootFirmware = "bios" | "uefi" | "secure-boot";
const FIRMWARE = { bios: "BIOS", uefi: "UEFI", "secure-boot": "UEFI with Secure Boot" } as const;

/** What a user asks of `boot`. */
export interface BootRequest {
  readonly image: string;
  /** By default what the record beside the image says, else x86_64. */
  readonly arch: MachineArch | undefined;
  /** By default BIOS for a PC, and UEFI for what has no BIOS, or no loader that one starts. */
  readonly firmware: BootFirmware | undefined;
  /** What the machine has the image in. */
  readonly medium: BootMedium;
  readonly accelerator: "auto" | "kvm" | "tcg";
  readonly memoryMiB: number;
  readonly processors: number;
  /** Each `HOST:GUEST`. */
  readonly forwards: readonly string[];
  readonly snapshot: boolean;
  /** Whether the machine is to report a status on its second serial port. */
  readonly wantsStatus: boolean;
  /** Who logs in; by default the host's user or root, with ssh's own keys. */
  readonly login: { readonly user: string | undefined; readonly identityFile: string | undefined };
  /** Whether a shell in the machine is wanted, and not its console. */
  readonly wantsShell: boolean;
  /** Seconds until such a machine must let somebody in. */
  readonly timeout: number;
  /** Makes a host of the image, in a copy unless the machine may change it. */
  readonly host: HostRequest | undefined;
}

/**
 * Boots an image with its console on this terminal, or with a shell in it.
 * @returns the status that the machine wrote to its second serial port; 0 where none is wanted;
 * the shell's own.
 * @throws {TowerError} `tool` when QEMU fails, or when a wanted status never came.
 */
export async function bootImage(request: BootRequest, env: Env): Promise<number> {
  const named = namedImage(request.image, request.arch, env);
  const { path: image, arch: known, loaders, partitions } = named;
  const arch = request.arch ?? machineArch(known ?? "x86_64", image);
  if (loaders?.length === 0) {
    throw new TowerError("unsupported", `Cannot boot "${image}": it has no boot loader`, {
      hint: "the output of its manifest says which it has: loaders",
    });
  }
  if (loaders?.every((loader) => loader === "raspberrypi")) {
    throw new TowerError("unsupported", `Cannot boot "${image}": only a Raspberry Pi starts it`, {
      hint: "host-uefi is the host of Arm machines with UEFI, which QEMU has",
    });
  }
  const firmware = request.firmware ?? firmwareOf(arch, loaders);
  checkRequest(request, arch, firmware);
  if (request.medium === "cd" && (request.host !== undefined || !request.snapshot)) {
    throw new TowerError("usage", `Cannot boot "${image}" as asked: a CD cannot be changed`, {
      hint: "leave out --as cd, or --write, --tower-env and --role",
    });
  }
  const forwards = request.forwards.map(parseForward);
  const { identityFile } = request.login;
  const own = identityFile === undefined ? undefined : identityAt(identityFile, env);
  requireQemu(env, arch);
  using raw = await openRawImage(image, env);
  if (raw.isCopy && !request.snapshot) {
    throw new TowerError("usage", `Cannot change "${image}": it is compressed`, {
      hint: "decompress it first, as with: zstd --decompress FILE",
    });
  }
  using folder = tempDir();
  const identity = request.host && identityOf(request.host, env);
  using host = request.host && prepareHostDisk({
    image: raw.path,
    partitions,
    towerEnv: identity!.towerEnv,
    hostKey: identity!.hostKey?.file,
    diskMiB: request.host.diskMiB,
    inPlace: raw.isCopy || !request.snapshot,
  }, env);
  if (request.wantsShell && !forwards.some(({ guest }) => guest === SSH_PORT)) {
    forwards.push({ host: freePort(), guest: SSH_PORT });
  }
  const port = forwards.find(({ guest }) => guest === SSH_PORT)?.host;
  const login = port === undefined ? undefined : loginAt(port, {
    user: request.login.user ?? host?.user ?? "root",
    identityFile: own ?? identity?.key,
    hostKey: identity?.hostKey?.publicKey,
  }, env);
  const console = join(folder.path, "console");
  const statusFile = join(folder.path, "status");
  const accelerator = request.accelerator === "auto"
    ? await chooseAccelerator(env, arch)
    : request.accelerator;
  using secure = firmware === "secure-boot"
    ? await enrolKeys({ arch, image: raw.path, accelerator }, env)
    : undefined;
  const argv = qemuArgv({
    arch,
    image: host?.image ?? raw.path,
    snapshot: request.snapshot,
    disk: MEDIA[request.medium],
    firmware: secure?.firmware ?? plainFirmware(arch, firmware),
    accelerator,
    memoryMiB: request.memoryMiB,
    processors: request.processors,
    network: { kind: "user", forwards, ...(host ? { lan: host.lan } : {}) },
    serial: request.wantsShell ? { kind: "file", path: console } : { kind: "stdio" },
    ...(request.wantsStatus ? { statusFile } : {}),
  });
  const how = `${FIRMWARE[firmware]}, ${
    accelerator === "kvm" ? "KVM" : "emulated"
  }, ${request.memoryMiB} MiB`;
  env.notes.write(`Booting ${printable(image)} (${arch}, ${how})\n`);
  if (request.wantsShell) {
    env.notes.write(
      `It ends with the shell; from other terminals meanwhile: ${loginLine(login!)}\n`,
    );
    const { timeout } = request;
    const keeps = !request.snapshot;
    return await shellIn({ image, argv, console, login: login!, timeout, keeps }, env);
  }
  env.notes.write(consoleAdvice(login));
  await using qemu = env.runner.spawn({ argv }, { stdio: "inherit", signal: env.signal });
  const ending = await qemu.ended;
  env.signal.throwIfAborted();
  if (ending.kind !== "exited" || ending.code !== 0) {
    const how = ending.kind === "exited"
      ? `it ended with ${ending.code}`
      : `${ending.signal} ended it`;
    throw new TowerError("tool", `Cannot boot "${image}": ${how}`);
  }
  return request.wantsStatus ? statusIn(statusFile, image) : 0;
}

/** What a user at the console must know before it takes the terminal. */
function consoleAdvice(login: MachineLogin | undefined): string {
  const lines = [
    "Its console follows. Where nothing shows within a minute, the image does not start this way",
    "To leave: Ctrl-A, then X (Ctrl-C goes to the machine)",
    login === undefined
      ? "To log in by SSH: --ssh, or --forward 2222:22 for another terminal"
      : `Once it is up, from another terminal: ${loginLine(login)}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** The file that makes a host and the keys that are known with it: all of a sample, none of others. */
function identityOf({ as }: HostRequest, env: Env) {
  if ("towerEnv" in as) return { towerEnv: as.towerEnv, key: undefined, hostKey: undefined };
  const { file, key, hostKey } = writeSampleEnv(as.role, env);
  return { towerEnv: file, key, hostKey };
}

function statusIn(file: string, image: string): number {
  const status = exists(file) ? guestStatus(readText(file, 64 << 10)) : undefined;
  if (status !== undefined) return status;
  throw new TowerError("tool", `Cannot tell how "${image}" fared: it reported no status`, {
    hint: "inside, before the power goes off: echo NUMBER > /dev/ttyS1",
  });
}

/** What a machine of an architecture cannot do. */
function checkRequest(
  request: BootRequest,
  arch: MachineArch,
  firmware: BootFirmware,
): void {
  if (arch === "x86_64") return;
  const cause = firmware === "bios"
    ? "only a PC has a BIOS"
    : request.accelerator === "kvm"
    ? "it is only emulated here"
    : request.wantsStatus
    ? "it has no second serial port for a status"
    : undefined;
  if (cause === undefined) return;
  throw new TowerError("usage", `Cannot boot "${request.image}" as asked on ${arch}: ${cause}`);
}

/** The loaders that a BIOS starts. */
const BIOS_LOADERS = ["syslinux", "isolinux"];

/** What starts an image by default: a PC's BIOS where nobody knows better. */
function firmwareOf(arch: MachineArch, loaders: readonly string[] | undefined): BootFirmware {
  const startsByBios = loaders?.some((loader) => BIOS_LOADERS.includes(loader)) ?? true;
  return arch === "x86_64" && startsByBios ? "bios" : "uefi";
}

function machineArch(arch: Arch, image: string): MachineArch {
  if (arch !== "armv7") return arch;
  throw new TowerError("unsupported", `Cannot boot "${image}": there is no machine for ${arch}`);
}

/**
 * KVM where it is proven to work since this machine's last start, else emulation. The proof is
 * for PCs: others are emulated.
 */
export async function chooseAccelerator(env: Env, arch: MachineArch): Promise<"kvm" | "tcg"> {
  if (arch !== "x86_64" || !exists("/dev/kvm")) return "tcg";
  using store = openStore(join(env.cacheDir, "store"));
  const boot = readText("/proc/sys/kernel/random/boot_id", 100).trim();
  const known = store.readNote("kvm", boot) as { works: boolean } | undefined;
  let works = known?.works;
  if (works === undefined) {
    env.notes.write("Trying whether KVM works, once after each start of this computer\n");
    using folder = tempDir();
    const sector = join(folder.path, "probe.img");
    writeFileAtomic(sector, probeSector());
    works = await acceleratorWorks(env.runner, "kvm", sector);
    store.writeNote("kvm", boot, { works });
  }
  env.explain(
    `${known === undefined ? "a test guest" : "an earlier test"} says: KVM ${
      works ? "works" : "does not work"
    }`,
  );
  if (!works) env.notes.write("KVM does not work here; emulating (slower)\n");
  return works ? "kvm" : "tcg";
}

function requireQemu(env: Env, arch: MachineArch): void {
  const { program, packages: { qemu: [apt, apk] } } = MODELS[arch];
  if (env.runner.which(program) !== undefined) return;
  throw new TowerError("tool", `Cannot find "${program}"`, {
    hint: `Debian: apt-get install ${apt}; Alpine: apk add ${apk}`,
  });
}

/** A firmware that checks nothing. @throws {TowerError} `not-found` */
export function plainFirmware(arch: MachineArch, kind: BootFirmware): MachineSpec["firmware"] {
  return kind === "bios" ? { kind } : { kind: "uefi", file: findFirmware(arch) };
}

/** @throws {TowerError} `not-found` with what brings a UEFI firmware. */
export function findFirmware(arch: MachineArch): string {
  const { firmware, packages: { firmware: [apt, apk] } } = MODELS[arch];
  const file = firmware.find((path) => exists(path));
  if (file !== undefined) return file;
  throw new TowerError("not-found", `Cannot find a UEFI firmware (${firmware.join(", ")})`, {
    hint: `Debian: apt-get install ${apt}; Alpine: apk add ${apk}`,
  });
}

function parseForward(text: string): Forward {
  const match = /^([0-9]{1,5}):([0-9]{1,5})$/.exec(text);
  const [host, guest] = [Number(match?.[1]), Number(match?.[2])];
  if (host >= 1 && host <= 65535 && guest >= 1 && guest <= 65535) return { host, guest };
  throw new TowerError("usage", `Cannot forward "${text}": it must be HOST:GUEST, two TCP ports`);
}
