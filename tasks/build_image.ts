/**
 * Builds a system, boots it in QEMU and shows it answering over SSH.
 *
 *     deno task build-image [SYSTEM|FILE.yaml] [options of tower-build build]
 *
 * Without --repository it makes the lab repository first. The key that opens the machine is made
 * here and stays in the cache folder: what is built is the named system and that key. A host is
 * built as it is, and signed; a sample tower.env carries the key. A sealed system is signed for Secure
 * Boot, by keys that are made here too; its machine learns them first. A thin client has the programs,
 * compiled here, and the image of a host, and is asked at its console, as it answers to nobody.
 */
import { Command } from "@commander-js/extra-typings";
import { join, resolve } from "@std/path";
import { chooseAccelerator, plainFirmware } from "../build/boot/boot.ts";
import { openRawImage } from "../build/boot/boot_image.ts";
import { prepareHostDisk } from "../build/boot/host_disk.ts";
import { buildCommand } from "../build/commands/build.ts";
import { manifestFiles } from "../build/inputs/inputs.ts";
import { labFolder } from "../build/inputs/trusted_keys.ts";
import { ownKey } from "../build/boot/own_key.ts";
import { indexUrl } from "../lib/packages/repositories.ts";
import { chooseArch, loadManifest } from "../build/manifest/manifest.ts";
import { run } from "../build/root.ts";
import { SAMPLE_USER, writeSampleEnv } from "../build/boot/sample_host.ts";
import { SLOT_A_PROGRAM } from "../lib/boot/slot_entries.ts";
import { systemdBootPath } from "../lib/boot/systemd_boot.ts";
import { enrolKeys } from "../build/boot/secure_firmware.ts";
import type { Arch } from "../lib/brand.ts";
import type { Env } from "../lib/env.ts";
import { TowerError } from "../lib/errors.ts";
import type { Ending } from "../lib/program/ending.ts";
import type { MachineArch } from "../lib/qemu/machine.ts";
import { waitForLock } from "../lib/files/lock_file.ts";
import { hashFile } from "../lib/files/artifact_file.ts";
import { exists, writeFileAtomic } from "../lib/files/files.ts";
import { greet } from "./build_image/greet.ts";
import { greetAtConsole } from "./build_image/greet_console.ts";
import { prepareThinClient, THIN_CLIENT } from "./build_image/thin_client.ts";
import { makeLab } from "./lab.ts";
import { refreshPackageLists, setup, thisMachine } from "./setup.ts";
import { runTask, toldIn } from "./task.ts";

/** The system that says nothing of keys, since a manifest that extends it signs it. */
const SEALED = "lab-sealed";
/** Systems that a tower.env makes somebody. */
const HOSTS = ["host", "host-uefi"];

/** `deno task build-image`. */
export function buildImageTask(env: Env, ending: Ending) {
  const task = new Command("deno task build-image")
    .description("Build a system, boot it in QEMU and show it answering over SSH.")
    .argument("[system]", "what tower-build build takes; before all options", "lab");
  for (const option of buildCommand(env).options) task.addOption(option);
  return task.action(async (system) => {
    const isNamed = env.args[0] === system;
    if (!isNamed && task.args.length > 0) {
      throw new TowerError("usage", `Cannot build "${system}": options stand before it`, {
        hint: "name the system first, then the options",
      });
    }
    ending.code = await main(env, system, isNamed ? env.args.slice(1) : env.args);
  });
}

async function main(env: Env, system: string, options: readonly string[]): Promise<number> {
  const isHost = HOSTS.includes(system);
  // Before the lab and the programs are made, which takes minutes.
  const arch = chooseArch(loadManifest(system, manifestFiles(env.cwd)), namedArch(options));
  const machine = machineFor(system, arch);
  const usesLab = !options.some((option) => /^--repository(=|$)/.test(option));
  const qemu = machine === undefined
    ? []
    : machine === "aarch64"
    ? ["qemu-aarch64", "qemu-efi-aarch64"] as const
    : ["qemu"] as const;
  const isThinClient = system === THIN_CLIENT;
  const compiler = isThinClient ? ["gcc", "dpkg-deb"] as const : [];
  const tools = [...qemu, ...compiler, "ssh"] as const;
  await setup(usesLab ? [...tools, "dpkg-deb"] : tools, thisMachine(env));
  const isNew = usesLab && await refreshLab(env, arch);
  // What it carries lies in a folder that the next one makes anew.
  using _lock = isThinClient ? await lockThinClient(env) : undefined;
  const isSealed = system === SEALED;
  if (isSealed) await makeSealingKeys(env);
  const manifest = isHost
    ? system
    : isThinClient
    ? await prepareThinClient(env, join(env.cacheDir, "build-image"), options)
    : writeManifest(env, system, arch);
  if (isNew) {
    const code = await run({ ...env, args: ["lock", manifest, "--update", ...options] });
    if (code !== 0) return code;
  }
  const printed: string[] = [];
  const stdout = { write: (text: string) => void (printed.push(text), env.stdout.write(text)) };
  const signs = !(isHost || isThinClient) || options.some((option) => /^--sign(=|$)/.test(option));
  const args = [
    ...["build", manifest, ...options, ...(signs ? [] : ["--sign"])],
    ...(isSealed ? ["--secure-boot-key", join(sealingKeys(env), "db.key")] : []),
  ];
  const code = await run({ ...env, args, stdout });
  const image = /^[0-9a-f]{64} {2}(.*\.(?:img(?:\.[a-z]+)?|iso))$/m.exec(printed.join(""))?.[1];
  if (code !== 0 || image === undefined) return code;
  if (machine === undefined) {
    env.stderr.write("Nothing here starts this image: it is for a Raspberry Pi's card\n");
    return code;
  }
  const probe = () => chooseAccelerator(env, machine);
  const accelerator = await toldIn(env, "Look for KVM", probe);
  if (isThinClient) {
    await greetAtConsole(env, image, accelerator);
    tellHow(env, `boot ${image} --as cd --memory 1024`);
    return code;
  }
  using raw = await openRawImage(image, env);
  using secure = isSealed
    ? await enrolKeys({ arch: machine, image: raw.path, accelerator }, env)
    : undefined;
  const firmware = secure?.firmware ??
    plainFirmware(machine, machine === "x86_64" ? "bios" : "uefi");
  if (!isHost) {
    const key = labKey(env).file;
    const guest = { arch: machine, firmware, image: raw.path, key, user: "root" };
    await greet(env, guest, accelerator, isSealed ? ["tower-slot status"] : []);
    const checked = isSealed ? " --firmware secure-boot" : "";
    tellHow(env, `boot ${image}${checked} --ssh --identity ${key}`);
    return code;
  }
  const { file: towerEnv, key } = writeSampleEnv("online", env);
  using disk = prepareHostDisk(
    { image: raw.path, towerEnv, diskMiB: 1024, inPlace: raw.isCopy },
    env,
  );
  const guest = { firmware, image: disk.image, key, user: SAMPLE_USER, lan: disk.lan };
  await greet(env, { arch: machine, ...guest }, accelerator);
  tellHow(env, `boot ${image} --role online --disk 1024 --ssh`);
  return code;
}

function tellHow(env: Env, command: string): void {
  // npx runs what is not installed: no shell knows it afterwards.
  const isNpx = env.variable("npm_command") === "exec";
  const deno = isNpx ? `npx --yes deno@${Deno.version.deno}` : "deno";
  env.stderr.write(`Look at it yourself: ${deno} task tower-build ${command}\n`);
}

/** The virtual machine that starts a system; none is a Raspberry Pi. */
function machineFor(system: string, arch: Arch): MachineArch | undefined {
  return arch === "armv7" || (system === "host" && arch === "aarch64") ? undefined : arch;
}

/** The architecture that the options of `build` name. */
function namedArch(options: readonly string[]): string | undefined {
  const at = options.indexOf("--arch");
  return at < 0
    ? options.find((o) => o.startsWith("--arch="))?.slice("--arch=".length)
    : options[at + 1];
}

function lockThinClient(env: Env): Promise<Disposable> {
  return waitForLock(
    join(env.cacheDir, "build-image", `${THIN_CLIENT}.lock`),
    `deno task build-image ${THIN_CLIENT}`,
    {
      signal: env.signal,
      onWait: (holder) => env.stderr.write(`waiting for ${holder} to end\n`),
    },
  );
}

/** Makes the lab repository; tells whether it holds other packages than before. */
async function refreshLab(env: Env, arch: Arch): Promise<boolean> {
  const index = indexUrl(labFolder(env), arch);
  const before = exists(index) ? hashFile(index) : undefined;
  await refreshPackageLists(thisMachine(env));
  await makeLab(env, arch);
  return before !== hashFile(index);
}

/** The key that opens a machine which is no host, made on first use. */
function labKey(env: Env) {
  return ownKey(join(env.cacheDir, "build-image", "id_ed25519"), "tower-build-image");
}

/** The folder of the keys that sign a sealed system, beside its manifest. */
const SEALING_KEYS = "secure-boot";

/** What signs a sealed system, and has its machines learn the keys. */
function sealing(arch: Arch) {
  const sign = [`/${systemdBootPath(arch)}`, `/boot/${SLOT_A_PROGRAM}`];
  return { kind: "secure-boot", keys: SEALING_KEYS, enroll: true, sign };
}

/** What writes its other slot, where somebody signed what is to be in it. */
const SLOTS = {
  ...{ kind: "slots", loader: "systemd-boot" },
  parts: {
    root: "lab-sealed.squashfs",
    verity: "lab-sealed.verity",
    program: "lab-sealed.efi",
  },
};

function sealingKeys(env: Env): string {
  return join(env.cacheDir, "build-image", SEALING_KEYS);
}

/** Makes them on first use. */
async function makeSealingKeys(env: Env): Promise<void> {
  if (exists(sealingKeys(env))) return;
  const code = await run({ ...env, args: ["keys", "secure-boot", "--output", sealingKeys(env)] });
  if (code !== 0) throw new TowerError("io", "Cannot make keys for Secure Boot");
}

/** A manifest that adds the key to a system. */
function writeManifest(env: Env, system: string, arch: Arch): string {
  const base = system.endsWith(".yaml") ? resolve(env.cwd, system) : system;
  const name = /([a-z][a-z0-9-]*)(?:\.yaml)?$/.exec(system)?.[1] ?? "image";
  const isSealed = system === SEALED;
  const { publicKey } = labKey(env);
  const manifest = {
    name,
    extends: base,
    stages: [
      { kind: "accounts", users: [{ name: "root", authorizedKeys: [publicKey] }] },
      ...(isSealed ? [{ ...SLOTS, signers: [publicKey] }] : []),
    ],
    ...(isSealed ? { trees: { sealed: { stages: [sealing(arch)] } } } : {}),
  };
  const path = join(env.cacheDir, "build-image", `${name}.yaml`);
  // JSON is YAML.
  writeFileAtomic(path, new TextEncoder().encode(JSON.stringify(manifest, null, 2) + "\n"));
  return path;
}

if (import.meta.main) await runTask(buildImageTask);
