import { pbkdf2Sync } from "node:crypto";
import { TowerError } from "../errors.ts";

/** A Wi-Fi network's name, up to 32 bytes of any value, and its key. */
export interface Wlan {
  /** The bytes of the name, two hexadecimal digits each, lower case. */
  readonly ssidHex: string;
  /** The 256-bit key, 64 hexadecimal digits: the password itself is never stored. */
  readonly key: string;
}

/**
 * The key of a network from its name and password (IEEE 802.11, J.4: PBKDF2, 4096 rounds).
 *
 * @throws {TowerError} `usage` with the rule that a name or password breaks.
 */
export function wlanOf(ssid: string, password: string): Wlan {
  const name = new TextEncoder().encode(ssid);
  if (name.length < 1 || name.length > 32) {
    throw new TowerError(
      "usage",
      `Cannot use the Wi-Fi name "${ssid.slice(0, 40)}": it has ${name.length} bytes, not 1 to 32`,
    );
  }
  if (!/^[\x20-\x7e]{8,63}$/.test(password)) {
    throw new TowerError(
      "usage",
      `Cannot use the Wi-Fi password: it must have 8 to 63 plain ASCII characters`,
    );
  }
  const key = pbkdf2Sync(new TextEncoder().encode(password), name, 4096, 32, "sha1");
  return { ssidHex: name.toHex(), key: new Uint8Array(key).toHex() };
}
