import { sha512Crypt } from "../accounts/sha512_crypt.ts";
import type { AddressPlan } from "../address_plan/address_plan.ts";
import type { RootFile } from "../format/fat/inject.ts";
import { TowerError } from "../errors.ts";
import type { IpAddress } from "../ip/address.ts";
import type { Runner } from "../proc/command.ts";
import { exists, readBytes, readText, writeFileAtomic } from "../files/files.ts";
import type { Staging } from "../inventory/staging.ts";
import { type TowerEnv, writeTowerEnv } from "../tower_env/tower_env.ts";
import type { KeyPair } from "./key_pair.ts";
import type { ProvisionRequest } from "./request.ts";

const KEY_LIMIT = 65536;
const HOST_KEYS = ["ed25519", "ecdsa", "rsa"] as const;
const DISK_KEY = "crypto_keyfile.bin";
/** Bytes of the key that opens the host's disk. */
const DISK_KEY_SIZE = 2048;
const PRIVATE = 0o600;
/** Bytes that none of a host's files passes. */
const LIKELY_SIZE = 4096;

/**
 * The key of an encrypted disk that a host has already; nothing else opens its home. Undefined where
 * there is none, or none that a host would take.
 */
export function diskKeyIn(folder: string): Uint8Array | undefined {
  const path = `${folder}/${DISK_KEY}`;
  const key = exists(path) ? readBytes(path, KEY_LIMIT) : undefined;
  return key?.length === DISK_KEY_SIZE ? key : undefined;
}

/**
 * Makes all that is secret about a host, in its staged folder, but for what is there already;
 * nothing of it is in force yet.
 */
export async function makeKeys(
  { name, folder }: Pick<Staging, "name" | "folder">,
  { keyPair, diskKey }: {
    readonly keyPair: KeyPair | undefined;
    readonly diskKey: Uint8Array | undefined;
  },
  runner: Runner,
): Promise<void> {
  const keygen = async (type: string, file: string, comment: string) => {
    const path = `${folder}/${file}`;
    try {
      await runner.run({
        argv: ["ssh-keygen", "-q", "-t", type, "-N", "", "-C", comment, "-f", path],
      });
    } catch (cause) {
      if (!(cause instanceof TowerError) || !/No space left|quota/i.test(cause.message)) {
        throw cause;
      }
      throw new TowerError("no-space", `Cannot make keys in "${folder}": the disk is full`);
    }
  };
  if (keyPair) {
    writeFileAtomic(`${folder}/id_ed25519`, keyPair.privateKey, PRIVATE);
    writeFileAtomic(`${folder}/id_ed25519.pub`, keyPair.publicKey, PRIVATE);
  } else await keygen("ed25519", "id_ed25519", name);
  for (const type of HOST_KEYS) await keygen(type, `ssh_host_${type}_key`, name);
  const key = diskKey ?? crypto.getRandomValues(new Uint8Array(DISK_KEY_SIZE));
  writeFileAtomic(`${folder}/${DISK_KEY}`, key, PRIVATE);
}

/** What the host's tower.env says; its password is made up where none is given. */
export function towerEnvOf(
  request: ProvisionRequest,
  plan: AddressPlan,
  host: { readonly address: IpAddress; readonly publicKey: string; readonly color: number },
  version: string | undefined,
): TowerEnv {
  const { name, role, locale, rootDevice, wipesRootDevice, wlan } = request;
  const password = request.password ?? randomText(16);
  const network = role === "offline" ? plan.offline : plan.online;
  const common = {
    hostname: name,
    username: locale.username,
    publicKey: host.publicKey,
    password,
    passwordHash: sha512Crypt(password, randomText(12).replaceAll(/[-_]/g, ".").slice(0, 16)),
    keyboard: { layout: locale.keyboardLayout, variant: locale.keyboardVariant },
    timezone: locale.timezone,
    lang: locale.lang,
    thinClient: network.thinClient,
    network: network.network,
    address: host.address,
    color: host.color,
    ...(version === undefined ? {} : { version: `v${version}` }),
    ...(rootDevice === undefined ? {} : { rootDevice }),
    ...(wipesRootDevice ? { wipesRootDevice } : {}),
  } as const;
  switch (role) {
    case "router":
      return { ...common, role, wlan: wlan! };
    case "online":
      return { ...common, role, router: plan.online.router };
    case "offline":
      return { ...common, role };
  }
}

/** As many random bytes in the letters of URLs. */
function randomText(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

/** The first line of the login key's public half. */
export function publicKeyIn({ folder }: Staging): string {
  return readText(`${folder}/id_ed25519.pub`, KEY_LIMIT).split("\n")[0]!.trim();
}

/** What goes to the boot partition of a host whose folder this is; no password in clear text. */
export function bootFiles(folder: string, env: TowerEnv): RootFile[] {
  return [
    { name: "tower.env", bytes: writeTowerEnv(env, "boot"), mtime: 0 },
    ...keyNames(env.rootDevice)
      .map((name) => ({ name, bytes: readBytes(`${folder}/${name}`, KEY_LIMIT), mtime: 0 })),
  ];
}

/** Files of those names that are as large as they may become, before there are any. */
export function likelyBootFiles(rootDevice: string | undefined): RootFile[] {
  return ["tower.env", ...keyNames(rootDevice)]
    .map((name) => ({ name, bytes: new Uint8Array(LIKELY_SIZE), mtime: 0 }));
}

function keyNames(rootDevice: string | undefined): string[] {
  const keys = HOST_KEYS.flatMap((type) => [`ssh_host_${type}_key`, `ssh_host_${type}_key.pub`]);
  return rootDevice === undefined ? keys : [...keys, DISK_KEY];
}
