import { join } from "@std/path";
import { parse } from "yaml";
import { openEngine } from "../../../build/engine/engine.ts";
import { manifestFiles } from "../../../build/inputs/inputs.ts";
import { labFolder } from "../../../build/inputs/trusted_keys.ts";
import { build } from "../../../build/pipeline.ts";
import { hostVolumes } from "../../../lib/boot/host_volumes.ts";
import { putRootFile } from "../../../lib/format/fat/inject.ts";
import { giveIdentity } from "../../../lib/boot/card_identity.ts";
import type { Arch } from "../../../lib/brand.ts";
import { realEnv } from "../../../lib/env.ts";
import { uuidFrom } from "../../../lib/format/uuid.ts";
import type { IpAddress, IpNetwork } from "../../../lib/ip/address.ts";
import { silent } from "../../../lib/report/event.ts";
import { copyDisk, openDisk } from "../../../lib/files/disk_file.ts";
import { listDir } from "../../../lib/files/files.ts";
import { type TowerEnv, writeTowerEnv } from "../../../lib/tower_env/tower_env.ts";
import { type Wlan, wlanOf } from "../../../lib/tower_env/wlan.ts";
import { labMissing, labRequest } from "./lab_system.ts";

/** How the names of the packages begin that the lab got last. */
const NEWEST = ["blkid-", "curl-", "dnsmasq-", "linux-lts-"];

/** Why a test cannot build the host system, or undefined where it can. For `ignore`. */
export function hostMissing(): string | undefined {
  const missing = labMissing();
  if (missing !== undefined) return missing;
  const packages = listDir(join(labFolder(realEnv()), "x86_64"));
  return NEWEST.every((start) => packages.some((name) => name.startsWith(start)))
    ? undefined
    : "the lab repository is older than the host; bring it up to date with deno task lab";
}

/** Where the thin client and the hosts of the tests live. */
export const TOWER = {
  online: {
    network: "192.168.2.0/24" as IpNetwork,
    thinClient: "192.168.2.100" as IpAddress,
    router: "192.168.2.1" as IpAddress,
    host: "192.168.2.200" as IpAddress,
    neighbour: "192.168.2.201",
  },
  offline: {
    network: "192.168.3.0/24" as IpNetwork,
    thinClient: "192.168.3.100" as IpAddress,
    host: "192.168.3.200" as IpAddress,
    neighbour: "192.168.3.201",
  },
} as const;

export const USER = "alice";
/** Of the password "secret". */
const HASH =
  "$6$towertest$OLlze/jmxga9ybr9NgbK2AQSQ9jH3n4zuXUbFZWggF7IdXSSvIc5bux4DP1f.OIRu.RYIM8ru3aPgV0FzhZsx0";

/** Folder of a run of tests in which a system is built once for all of them, where there is one. */
const SHARED = Deno.env.get("TOWER_TEST_BUILDS");

/**
 * Builds a host system into a folder; returns its image, which may be changed. It is the shipped
 * system but for its name and for the compression, which takes seconds that most tests need not wait.
 *
 * @param stages of a test's own, which no other shares
 */
export async function buildHost(
  folder: string,
  arch: Arch = "x86_64",
  system = "host",
  stages: readonly object[] = [],
): Promise<string> {
  const env = realEnv();
  const shipped = manifestFiles(env.cwd);
  const { outputs } = parse(shipped.readText(shipped.systemPath(system)!));
  const manifest = {
    name: system,
    extends: system,
    stages,
    outputs: outputs.map((o: object) => ({ ...o, file: "host.img", compression: "none" })),
  };
  const path = join(folder, `${system}.yaml`);
  // JSON is YAML.
  Deno.writeTextFileSync(path, JSON.stringify(manifest));
  const output = SHARED === undefined || stages.length > 0
    ? folder
    : join(SHARED, `${system}-${arch}`);
  using engine = openEngine(env, { offline: true, json: false, jobs: 2 });
  // It waits for whoever builds there, and does nothing where that is done.
  await build(labRequest(path, arch, output), { ...engine, reporter: silent });
  const image = join(folder, "host.img");
  if (output !== folder) {
    copyDisk(join(output, "host.img"), image);
    for (const name of ["SHA256SUMS", "record.json"]) {
      Deno.copyFileSync(join(output, name), join(folder, name));
    }
  }
  return image;
}

/** What every role is told. */
function anyHost(publicKey: string) {
  return {
    username: USER,
    publicKey,
    passwordHash: HASH,
    keyboard: { layout: "us", variant: "us" },
    timezone: "America/New_York",
    lang: "en_US",
    color: 31,
  };
}

/** The tower.env of an online host called web. */
export function onlineEnv(publicKey: string): TowerEnv {
  const { network, thinClient, router, host: address } = TOWER.online;
  return {
    ...anyHost(publicKey),
    ...{ role: "online", hostname: "web", network, thinClient, router, address },
  };
}

/** The tower.env of an offline host called vault. */
export function offlineEnv(publicKey: string): TowerEnv {
  const { network, thinClient, host: address } = TOWER.offline;
  return {
    ...anyHost(publicKey),
    role: "offline",
    hostname: "vault",
    network,
    thinClient,
    address,
  };
}

/** The router's Wi-Fi. */
export const WLAN: Wlan = wlanOf("net", "a password");

/** The tower.env of the router. */
export function routerEnv(publicKey: string): TowerEnv {
  const { network, thinClient, router: address } = TOWER.online;
  return {
    ...anyHost(publicKey),
    ...{ role: "router", hostname: "router", network, thinClient, address, wlan: WLAN },
  };
}

/** A tower.env as the file on the boot partition. */
export function envFile(env: TowerEnv): { name: string; bytes: Uint8Array } {
  return { name: "tower.env", bytes: writeTowerEnv(env, "boot") };
}

/**
 * A copy of an image as it lies on a larger card, with files on its boot partition, and as
 * `tower provision` leaves it: with UUIDs of its own, unless it is `plain`.
 */
export function cardOf(
  image: string,
  card: string,
  files: readonly { name: string; bytes: Uint8Array }[],
  plain: "plain" | "own" = "own",
): string {
  copyDisk(image, card);
  using disk = openDisk(card);
  disk.grow(CARD_MIB * 2 ** 20);
  const volumes = hostVolumes(disk, undefined);
  for (const file of files) putRootFile(volumes.boot, { ...file, mtime: 1_700_000_000 });
  if (plain === "own" && !giveIdentity(volumes, CARD_UUID)) {
    throw new Error("the image's loaders do not name its root by UUID");
  }
  return card;
}

/** Of the root of such a card. */
export const CARD_UUID = uuidFrom("card");
/** Size of the card. */
export const CARD_MIB = 640;
