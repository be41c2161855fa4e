/**
 * Builds a system, boots it in QEMU and shows it answering over SSH.
 *
 *     deno task build-image [SYSTEM|FILE.yaml] [options of tower-build build]
 *
 * Without --repository it makes the lab repository first. The key that opens the machine is made
 * here and stays in the cache folder: what is built is the named system and that key. The system
 * `host` is built as it is; a sample tower.env carries the key.
 */
import { join, resolve } from "@std/path";
import { chooseAccelerator, findFirmware } from "../build/boot.ts";
import { prepareHostDisk } from "../build/host_disk.ts";
import { labFolder } from "../build/inputs.ts";
import { indexUrl } from "../build/plan/repositories.ts";
import { run } from "../build/root.ts";
import { type Arch, ARCHES } from "../lib/brand.ts";
import type { Env } from "../lib/env.ts";
import { hashFile } from "../lib/store/artifact_file.ts";
import { exists, makeDir, readText, writeFileAtomic } from "../lib/store/files.ts";
import { greet } from "./build_image/greet.ts";
import { SAMPLE_USER, writeSampleEnv } from "./build_image/sample_host.ts";
import { makeLab } from "./lab.ts";
import { refreshPackageLists, setup, thisMachine } from "./setup.ts";
import { runTask } from "./task.ts";

async function main(env: Env): Promise<number> {
  const [first, ...rest] = env.args;
  const isNamed = first !== undefined && !first.startsWith("-");
  const options = isNamed ? rest : env.args;
  const arch = archOf(options);
  const usesLab = !options.some((option) => /^--repository(=|$)/.test(option));
  const machine = arch === "aarch64"
    ? ["qemu-aarch64", "qemu-efi-aarch64"] as const
    : ["qemu"] as const;
  const tools = [...machine, "ssh", "ssh-keygen"] as const;
  await setup(usesLab ? [...tools, "dpkg-deb"] : tools, thisMachine(env));
  const isNew = usesLab && await refreshLab(env, arch);
  const key = await keyPair(env);
  const isHost = isNamed && first === "host";
  // A host's key comes with its tower.env.
  const manifest = isHost || first === "host-rpi"
    ? first
    : writeManifest(env, isNamed ? first : "lab", key);
  if (isNew) {
    const code = await run({ ...env, args: ["lock", manifest, "--update", ...options] });
    if (code !== 0) return code;
  }
  const printed: string[] = [];
  const stdout = { write: (text: string) => void (printed.push(text), env.stdout.write(text)) };
  const code = await run({ ...env, args: ["build", manifest, ...options], stdout });
  const image = /^[0-9a-f]{64} {2}(.*\.img)$/m.exec(printed.join(""))?.[1];
  if (code !== 0 || image === undefined) return code;
  if (arch === "armv7" || (isNamed && first === "host-rpi")) {
    env.stderr.write("Nothing here starts this image: it is for a card\n");
    return code;
  }
  const accelerator = await chooseAccelerator(env, arch);
  const firmware = arch === "x86_64"
    ? { kind: "bios" } as const
    : { kind: "uefi", file: findFirmware(arch) } as const;
  if (!isHost) {
    await greet(env, { arch, firmware, image, key, user: "root" }, accelerator);
    return code;
  }
  const towerEnv = writeSampleEnv(env, key);
  using disk = prepareHostDisk({ image, towerEnv, diskMiB: 1024, inPlace: false }, env);
  const guest = { arch, firmware, image: disk.image, key, user: SAMPLE_USER, lan: disk.lan };
  await greet(env, guest, accelerator);
  env.stderr.write(
    `Look at it yourself: deno task tower-build boot ${image} --tower-env ${towerEnv} ` +
      `--disk 1024 --forward 2222:22\nand: ssh -i ${key} -p 2222 ${SAMPLE_USER}@127.0.0.1\n`,
  );
  return code;
}

/** The architecture that the options of `build` name; PCs by default. */
function archOf(options: readonly string[]): Arch {
  const at = options.indexOf("--arch");
  const named = at < 0
    ? options.find((o) => o.startsWith("--arch="))?.slice("--arch=".length)
    : options[at + 1];
  // What is not known is refused by `build`, with all that is.
  return ARCHES.find((arch) => arch === named) ?? "x86_64";
}

/** Makes the lab repository; tells whether it holds other packages than before. */
async function refreshLab(env: Env, arch: Arch): Promise<boolean> {
  const index = indexUrl(labFolder(env), arch);
  const before = exists(index) ? hashFile(index) : undefined;
  await refreshPackageLists(thisMachine(env));
  await makeLab(env, arch);
  return before !== hashFile(index);
}

/** The private key that opens the machine, made on first use. */
async function keyPair(env: Env): Promise<string> {
  const folder = join(env.cacheDir, "build-image");
  const key = join(folder, "id_ed25519");
  makeDir(folder);
  if (!exists(key)) {
    await env.runner.run({
      argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tower-build-image", "-f", key],
    });
  }
  return key;
}

/** A manifest that adds the key to a system. */
function writeManifest(env: Env, system: string, key: string): string {
  const base = system.endsWith(".yaml") ? resolve(env.cwd, system) : system;
  const name = /([a-z][a-z0-9-]*)(?:\.yaml)?$/.exec(system)?.[1] ?? "image";
  const manifest = {
    name,
    extends: base,
    stages: [{
      kind: "accounts",
      users: [{ name: "root", authorizedKeys: [readText(`${key}.pub`, 4096).trim()] }],
    }],
  };
  const path = join(env.cacheDir, "build-image", `${name}.yaml`);
  // JSON is YAML.
  writeFileAtomic(path, new TextEncoder().encode(JSON.stringify(manifest, null, 2) + "\n"));
  return path;
}

await runTask(main);
