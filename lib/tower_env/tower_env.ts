import { TowerError } from "../errors.ts";
import type { IpAddress, IpNetwork } from "../ip/address.ts";
import { inconsistencies, roleOf } from "./consistency.ts";
import { MAX_SIZE, NOT_ON_BOOT, type Place, readLines } from "./lines.ts";
import { type Key, KEYS, RULES } from "./rules.ts";
import type { Wlan } from "./wlan.ts";

/** What a host of any role is told before its first boot. */
interface HostEnv {
  readonly hostname: string;
  readonly username: string;
  /** A line for authorized_keys. */
  readonly publicKey: string;
  readonly passwordHash: string;
  /** In clear text; on the thin client alone. */
  readonly password?: string;
  readonly keyboard: { readonly layout: string; readonly variant: string };
  readonly timezone: string;
  readonly lang: string;
  readonly thinClient: IpAddress;
  readonly network: IpNetwork;
  readonly address: IpAddress;
  /** ANSI code of the prompt's colour. */
  readonly color?: number;
  /**
   * `upgrade`: the encrypted disk must be this host's own already. `install`: it must not. Without
   * one either will do.
   */
  readonly installation?: "install" | "upgrade";
  /** What TowerOS installed hosts from; on the thin client alone. */
  readonly alpineBranch?: string;
  /** What TowerOS installed; on the thin client alone. */
  readonly packages?: readonly string[];
  /** TowerOS' version, `v` included. */
  readonly version?: string;
  /**
   * The disk that gets the encrypted system: its path, or `auto` for the only one beside the boot
   * disk. Without one the system stays on its card.
   */
  readonly rootDevice?: string;
  /** Whether what that disk holds may be lost; else it must be empty, or this host's own. */
  readonly wipesRootDevice?: boolean;
}

/** The contents of a tower.env. */
export type TowerEnv =
  & HostEnv
  & (
    | { readonly role: "offline" }
    | { readonly role: "online"; readonly router: IpAddress }
    | { readonly role: "router"; readonly wlan: Wlan }
  );

/** Most problems that a message names. */
const MOST_SHOWN = 20;

/**
 * Reads the tower.env of a host: lines `KEY='value'` as TowerOS 0.7 writes them, never a shell
 * script.
 *
 * @throws {TowerError} `malformed`: every rule that is broken, each with its line. Passwords,
 * hashes and keys are never shown.
 */
export function parseTowerEnv(bytes: Uint8Array, place: Place): TowerEnv {
  if (bytes.length > MAX_SIZE) {
    throw refusal("malformed", "read", [`the file has more than ${MAX_SIZE} bytes`]);
  }
  const lines = readLines(bytes, place);
  const problems = [...lines.problems, ...inconsistencies(lines, place)];
  const role = roleOf(lines);
  if (problems.length > 0 || !role) throw refusal("malformed", "read", problems);
  const optional = (key: Key) => lines.entries.get(key)?.value;
  const value = (key: Key) => lines.entries.get(key)!.value;
  const host = {
    hostname: value("HOSTNAME"),
    username: value("USERNAME"),
    publicKey: value("PUBLIC_KEY"),
    passwordHash: value("PASSWORD_HASH"),
    keyboard: { layout: value("KEYBOARD_LAYOUT"), variant: value("KEYBOARD_VARIANT") },
    timezone: value("TIMEZONE"),
    lang: value("LANG"),
    thinClient: value("THIN_CLIENT_IP") as IpAddress,
    network: value("TOWER_NETWORK") as IpNetwork,
    address: value("STATIC_HOST_IP") as IpAddress,
    ...given("password", optional("PASSWORD")),
    ...given("color", optional("COLOR") && Number(optional("COLOR"))),
    ...given("installation", optional("INSTALLATION_TYPE") as HostEnv["installation"]),
    ...given("alpineBranch", optional("ALPINE_BRANCH")),
    ...given("packages", optional("DEFAULT_PACKAGES")?.split(" ")),
    ...given("version", optional("TOWEROS_VERSION")),
    ...given("rootDevice", optional("ROOT_DEVICE")),
    ...(optional("ROOT_DEVICE_WIPE") === "true" ? { wipesRootDevice: true } : {}),
  } as HostEnv;
  if (role === "offline") return { ...host, role };
  if (role === "online") return { ...host, role, router: value("ROUTER_IP") as IpAddress };
  const ssidHex = optional("WLAN_SSID_HEX") ?? new TextEncoder().encode(value("WLAN_SSID")).toHex();
  const passwordHex = optional("WLAN_PASSWORD_HEX")?.toLowerCase();
  const wlan = {
    ssidHex: ssidHex.toLowerCase(),
    key: value("WLAN_SHARED_KEY").toLowerCase(),
    ...(passwordHex === undefined ? {} : { passwordHex }),
  };
  return { ...host, role, wlan };
}

function given(name: keyof HostEnv, value: unknown): Partial<HostEnv> {
  return value === undefined ? {} : { [name]: value };
}

/**
 * Writes a tower.env. For the boot device what must not be there is left out.
 *
 * @throws {TowerError} `usage` with every value that breaks a rule of its key.
 */
export function writeTowerEnv(env: TowerEnv, place: Place): Uint8Array {
  const values = valuesOf(env);
  const keys = KEYS.filter((key) =>
    values[key] !== undefined && (place === "thinclient" || NOT_ON_BOOT[key] === undefined)
  );
  const text = keys.map((key) => `${key}='${values[key]}'\n`);
  // A quote or line feed inside a value would be read as something else.
  const split = keys.filter((key) => /['\n]/.test(values[key] ?? ""));
  if (split.length > 0) {
    const problems = split.map((key) =>
      `${key} must ${RULES[key].says}, without quote or new line`
    );
    throw refusal("usage", "write", problems);
  }
  const bytes = new TextEncoder().encode(text.join(""));
  try {
    parseTowerEnv(bytes, place);
  } catch (error) {
    if (!(error instanceof TowerError)) throw error;
    throw new TowerError("usage", error.message.replace("Cannot read", "Cannot write"));
  }
  return bytes;
}

function valuesOf(env: TowerEnv): Partial<Record<Key, string | undefined>> {
  const router = env.role === "router"
    ? env.address
    : env.role === "online"
    ? env.router
    : undefined;
  return {
    HOSTNAME: env.hostname,
    USERNAME: env.username,
    PUBLIC_KEY: env.publicKey,
    PASSWORD: env.password,
    PASSWORD_HASH: env.passwordHash,
    KEYBOARD_LAYOUT: env.keyboard.layout,
    KEYBOARD_VARIANT: env.keyboard.variant,
    TIMEZONE: env.timezone,
    LANG: env.lang,
    ONLINE: String(env.role !== "offline"),
    ...(env.role === "router" ? wlanValues(env.wlan) : {}),
    THIN_CLIENT_IP: env.thinClient,
    TOWER_NETWORK: env.network,
    STATIC_HOST_IP: env.address,
    ROUTER_IP: router,
    COLOR: env.color?.toString(),
    INSTALLATION_TYPE: env.installation,
    ALPINE_BRANCH: env.alpineBranch,
    DEFAULT_PACKAGES: env.packages?.join(" "),
    TOWEROS_VERSION: env.version,
    ROOT_DEVICE: env.rootDevice,
    ROOT_DEVICE_WIPE: env.wipesRootDevice ? "true" : undefined,
  };
}

/** A name of plain text as TowerOS writes it; any other, which it could not write, by its bytes. */
function wlanValues({ ssidHex, key, passwordHex }: Wlan): Partial<Record<Key, string>> {
  const bytes = /^([0-9a-f]{2})+$/.test(ssidHex) ? Uint8Array.fromHex(ssidHex) : new Uint8Array();
  const isPlain = bytes.length > 0 && bytes.every((b) => b >= 0x20 && b <= 0x7e && b !== 0x27);
  const name = isPlain
    ? { WLAN_SSID: new TextDecoder().decode(bytes) }
    : { WLAN_SSID_HEX: ssidHex };
  return {
    ...name,
    WLAN_SHARED_KEY: key,
    ...(passwordHex === undefined ? {} : { WLAN_PASSWORD_HEX: passwordHex }),
  };
}

function refusal(code: "malformed" | "usage", verb: string, problems: readonly string[]) {
  const shown = problems.slice(0, MOST_SHOWN);
  if (problems.length > MOST_SHOWN) shown.push(`and ${problems.length - MOST_SHOWN} more`);
  return new TowerError(code, `Cannot ${verb} "tower.env":\n  ${shown.join("\n  ")}`);
}
