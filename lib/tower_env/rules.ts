import { asIpAddress, asIpNetwork, familyOf, isPrivate, prefixOf } from "../ip/address.ts";
import { authorizedKeyFault } from "../ssh_signature/authorized_key.ts";

/** What the value of a key must be. */
export interface ValueRule {
  readonly isGood: (value: string) => boolean;
  /** Ends the sentence "KEY must ". */
  readonly says: string;
  /** Whether messages leave the value out. */
  readonly isSecret?: true;
}

const pattern = (regex: RegExp, says: string): ValueRule => ({
  isGood: (value) => regex.test(value),
  says,
});

const ADDRESS: ValueRule = {
  isGood: (value) => familyOf(asIpAddress(value) ?? "::" as never) === "ipv4",
  says: "be an IPv4 address such as 192.168.2.200",
};

/** ANSI codes of the colours that TowerOS gives to hosts. */
export const COLORS = [39, 31, 32, 33, 34, 35, 36, 37, 91, 92, 93, 94, 95, 96] as const;

/** A key that sshd takes, and nothing in front of it: its options would open more than one login. */
function isPublicKey(value: string): boolean {
  return value.length <= 2048 && /^[a-z0-9@.-]+ [^ ]/.test(value) &&
    authorizedKeyFault(value) === undefined;
}

const NAME = "[A-Za-z][A-Za-z0-9_+-]{0,31}";
const PACKAGE = "[A-Za-z0-9][A-Za-z0-9+._-]{0,63}";

/**
 * Every key of tower.env in the order in which they are written. The host checks the same rules
 * in shell (`tower-env` in the host system's overlay), so none asks for more than a shell can do.
 */
export const RULES = {
  HOSTNAME: {
    isGood: (v) =>
      /^(?=.{1,15}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(v) && /[^0-9]/.test(v) &&
      v !== "thinclient" && v !== "localhost",
    says: 'have 1 to 15 of a-z, 0-9 and "-", begin and end with a letter or digit, not be all ' +
      'digits, and not be "thinclient" or "localhost"',
  },
  USERNAME: {
    isGood: (v) => /^[A-Za-z_][A-Za-z0-9_-]{0,31}$/.test(v) && v !== "root",
    says:
      'have 1 to 32 letters, digits, "_" and "-", begin with a letter or "_", and not be "root"',
  },
  PUBLIC_KEY: { isGood: isPublicKey, says: "be one OpenSSH public key: type, base64, comment" },
  PASSWORD: { ...pattern(/^.{1,1024}$/, "have 1 to 1024 characters"), isSecret: true },
  PASSWORD_HASH: {
    ...pattern(
      /^\$6\$(rounds=[1-9][0-9]{3,8}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86}$/,
      "be a SHA-512 hash of crypt, which begins with $6$",
    ),
    isSecret: true,
  },
  KEYBOARD_LAYOUT: pattern(
    /^[a-z][a-z0-9]{1,9}$/,
    "have 2 to 10 of a-z and 0-9 and begin with a letter",
  ),
  KEYBOARD_VARIANT: pattern(
    /^[A-Za-z][A-Za-z0-9_-]{1,31}$/,
    'have 2 to 32 letters, digits, "_" and "-" and begin with a letter',
  ),
  TIMEZONE: pattern(
    new RegExp(`^${NAME}(/${NAME}){0,2}$`),
    "be a name of the time zone database such as America/New_York or UTC",
  ),
  LANG: pattern(
    /^(C|[a-z]{2,3}_[A-Z]{2})(\.UTF-8)?$/,
    "be a language such as en_US or en_US.UTF-8",
  ),
  ONLINE: pattern(/^(true|false)$/, "be true or false"),
  WLAN_SSID: pattern(/^.{1,32}$/, "have 1 to 32 characters"),
  WLAN_SSID_HEX: pattern(
    /^([0-9a-fA-F]{2}){1,32}$/,
    "have 2 to 64 hexadecimal digits, two for each byte of the name",
  ),
  WLAN_SHARED_KEY: {
    ...pattern(
      /^[0-9a-fA-F]{64}$/,
      "have 64 hexadecimal digits, as wpa_passphrase makes them of name and password",
    ),
    isSecret: true,
  },
  WLAN_PASSWORD_HEX: {
    ...pattern(
      /^([0-9a-fA-F]{2}){8,63}$/,
      "have 16 to 126 hexadecimal digits, two for each character of the password",
    ),
    isSecret: true,
  },
  THIN_CLIENT_IP: ADDRESS,
  TOWER_NETWORK: {
    isGood: (v) => {
      const network = asIpNetwork(v);
      return network !== undefined && familyOf(network) === "ipv4" && isPrivate(network) &&
        prefixOf(network) >= 16 && prefixOf(network) <= 29;
    },
    says: "be a private IPv4 network from /16 to /29 such as 192.168.2.0/24",
  },
  STATIC_HOST_IP: ADDRESS,
  ROUTER_IP: ADDRESS,
  COLOR: {
    isGood: (v) => COLORS.map(String).includes(v),
    says: `be one of ${COLORS.join(" ")}`,
  },
  INSTALLATION_TYPE: pattern(/^(install|upgrade)$/, "be install or upgrade"),
  ALPINE_BRANCH: pattern(
    /^(v[0-9]{1,2}\.[0-9]{1,3}|edge|latest-stable)$/,
    "be a branch of Alpine such as v3.19 or edge",
  ),
  DEFAULT_PACKAGES: pattern(
    new RegExp(`^(?=.{1,4096}$)${PACKAGE}( ${PACKAGE})*$`),
    "be names of packages with one blank between them",
  ),
  TOWEROS_VERSION: pattern(
    /^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$/,
    'have 1 to 64 letters, digits, ".", "+", "_" and "-"',
  ),
  ROOT_DEVICE: pattern(
    /^(auto|(?=.{1,128}$)\/dev(\/[A-Za-z0-9][A-Za-z0-9_.:+-]*)+)$/,
    "be auto or the path of a device such as /dev/disk/by-id/nvme-eui.0025385b71b0a2c1",
  ),
  ROOT_DEVICE_WIPE: pattern(/^(true|false)$/, "be true or false"),
} as const satisfies Readonly<Record<string, ValueRule>>;

export type Key = keyof typeof RULES;
export const KEYS = Object.keys(RULES) as Key[];

/** What every host needs. */
export const REQUIRED: readonly Key[] = [
  "HOSTNAME",
  "USERNAME",
  "PUBLIC_KEY",
  "PASSWORD_HASH",
  "KEYBOARD_LAYOUT",
  "KEYBOARD_VARIANT",
  "TIMEZONE",
  "LANG",
  "ONLINE",
  "THIN_CLIENT_IP",
  "TOWER_NETWORK",
  "STATIC_HOST_IP",
];
