import { join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { ipAddress, ipNetwork } from "../../lib/ip/address.ts";
import { readText, writeFileAtomic } from "../../lib/store/files.ts";
import { type TowerEnv, writeTowerEnv } from "../../lib/tower_env/tower_env.ts";

/** The user of the sample host. */
export const SAMPLE_USER = "tower";

/**
 * Writes the tower.env of a host to look at, which a key opens. No password fits its hash.
 * @returns its path, in the cache folder.
 */
export function writeSampleEnv(env: Env, key: string): string {
  const settings: TowerEnv = {
    role: "online",
    hostname: "sample",
    username: SAMPLE_USER,
    publicKey: readText(`${key}.pub`, 4096).trim(),
    passwordHash: `$6$none$${".".repeat(86)}`,
    keyboard: { layout: "us", variant: "us" },
    timezone: "UTC",
    lang: "en_US",
    network: ipNetwork("192.168.2.0/24"),
    thinClient: ipAddress("192.168.2.100"),
    address: ipAddress("192.168.2.200"),
    router: ipAddress("192.168.2.1"),
  };
  const path = join(env.cacheDir, "build-image", "tower.env");
  writeFileAtomic(path, writeTowerEnv(settings, "boot"), 0o600);
  return path;
}
