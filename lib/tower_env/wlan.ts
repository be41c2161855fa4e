import { pbkdf2Sync } from "node:crypto";
import { TowerError } from "../errors.ts";

/** A Wi-Fi network's name, up to 32 bytes of any value, and its key. */
export interface Wlan {
  /** The bytes of the name, two hexadecimal digits each, lower case. */
  readonly ssidHex: string;
  /** The 256-bit key, 64 hexadecimal digits. WPA2 needs no more. */
  readonly key: string;
  /** The password, two hexadecimal digits per character: WPA3 (SAE) cannot do with the key. */
  readonly passwordHex?: string;
}

/**
 * The key of a network from its name and password (IEEE 802.11, J.4: PBKDF2, 4096 rounds). The key
 * itself may be given instead of a password, and then serves WPA2 alone.
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
  // As everywhere, so many digits are the key itself: no password may be as long (IEEE 802.11, J.4).
  if (/^[0-9a-fA-F]{64}$/.test(password)) {
    return { ssidHex: name.toHex(), key: password.toLowerCase() };
  }
  if (!/^[\x20-\x7e]{8,63}$/.test(password)) {
    throw new TowerError(
      "usage",
      "Cannot use the Wi-Fi password: it must have 8 to 63 plain ASCII characters, or be the key, " +
        "64 hexadecimal digits",
    );
  }
  const secret = new TextEncoder().encode(password);
  const key = pbkdf2Sync(secret, name, 4096, 32, "sha1");
  return {
    ssidHex: name.toHex(),
    key: new Uint8Array(key).toHex(),
    passwordHex: secret.toHex(),
  };
}

/**
 * The configuration of wpa_supplicant for one network; the host's first boot writes the same.
 *
 * The hardware address is another for each network and before any connection (facts B8), WPA3 is
 * taken where there is it, and the name is hexadecimal digits: it may be any bytes (facts B9).
 */
export function wpaSupplicantConf({ ssidHex, key, passwordHex }: Wlan): string {
  const isHex = /^([0-9a-f]{2})+$/;
  if (!isHex.test(ssidHex) || ssidHex.length > 64 || !/^[0-9a-f]{64}$/.test(key)) {
    throw new RangeError("A Wi-Fi has a name and key in hexadecimal digits");
  }
  if (passwordHex !== undefined && !isHex.test(passwordHex)) {
    throw new RangeError("A Wi-Fi's password is in hexadecimal digits");
  }
  const sae = passwordHex === undefined ? [] : [`\tsae_password=${passwordHex}`];
  return [
    "mac_addr=1",
    "preassoc_mac_addr=1",
    "rand_addr_lifetime=60",
    "sae_pwe=2",
    "network={",
    `\tssid=${ssidHex}`,
    `\tkey_mgmt=WPA-PSK WPA-PSK-SHA256${passwordHex === undefined ? "" : " SAE"}`,
    "\tieee80211w=1",
    `\tpsk=${key}`,
    ...sae,
    "}",
    "",
  ].join("\n");
}
