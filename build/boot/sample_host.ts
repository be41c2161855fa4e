import { join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { ipAddress, ipNetwork } from "../../lib/ip/address.ts";
import { type OwnKey, ownKey } from "./own_key.ts";
import { writeFileAtomic } from "../../lib/files/files.ts";
import { type TowerEnv, writeTowerEnv } from "../../lib/tower_env/tower_env.ts";

/** The user of a sample host. */
export const SAMPLE_USER = "tower";

/** What a sample host may be. */
export type SampleRole = TowerEnv["role"];

/** A tower.env to look at a host with, the private key that opens it, and the host's own key. */
export interface SampleEnv {
  readonly file: string;
  readonly key: string;
  readonly hostKey: OwnKey;
}

/** Writes a sample into the cache folder; its keys are made on first use. No password fits. */
export function writeSampleEnv(role: SampleRole, env: Env): SampleEnv {
  const folder = join(env.cacheDir, "sample-host");
  const key = ownKey(join(folder, "id_ed25519"), "tower-sample-host");
  const file = join(folder, `${role}.env`);
  writeFileAtomic(file, writeTowerEnv(sampleEnv(role, key), "boot"), 0o600);
  const hostKey = ownKey(join(folder, "ssh_host_ed25519_key"), "tower-sample-host");
  return { file, key: key.file, hostKey };
}

function sampleEnv(role: SampleRole, { publicKey }: OwnKey): TowerEnv {
  const lan = role === "offline" ? "192.168.3" : "192.168.2";
  const common = {
    hostname: role === "router" ? "router" : "sample",
    username: SAMPLE_USER,
    publicKey,
    passwordHash: `$6$none$${".".repeat(86)}`,
    keyboard: { layout: "us", variant: "us" },
    timezone: "UTC",
    lang: "en_US",
    network: ipNetwork(`${lan}.0/24`),
    thinClient: ipAddress(`${lan}.100`),
    address: ipAddress(role === "router" ? `${lan}.1` : `${lan}.200`),
  };
  switch (role) {
    case "router":
      return { ...common, role, wlan: { ssidHex: "53616d706c65", key: "00".repeat(32) } };
    case "online":
      return { ...common, role, router: ipAddress(`${lan}.1`) };
    case "offline":
      return { ...common, role };
  }
}
