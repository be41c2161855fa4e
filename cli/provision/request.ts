import { parse } from "yaml";
import { z } from "zod";
import { TowerError } from "../../lib/errors.ts";
import { type HostName, hostName } from "../../lib/fleet/host.ts";
import { readText } from "../../lib/store/files.ts";
import { type Wlan, wlanOf } from "../../lib/tower_env/wlan.ts";
import { colorCode } from "../render/colors.ts";

/** Where the image goes. */
export type Target =
  | {
    readonly kind: "device";
    readonly path: string;
    readonly allowFixed: boolean;
    readonly zero: boolean;
  }
  | { readonly kind: "file"; readonly path: string };

/** The thin client's own place, which hosts get unless told another. */
export interface Locale {
  readonly username: string;
  readonly keyboardLayout: string;
  readonly keyboardVariant: string;
  readonly timezone: string;
  readonly lang: string;
}

/** All that a user wants of a host. */
export interface ProvisionRequest {
  readonly name: HostName;
  readonly role: "router" | "online" | "offline";
  readonly target: Target;
  readonly image: string | undefined;
  readonly signers: string | undefined;
  readonly keyPair: { readonly publicKey: string; readonly privateKey: string } | undefined;
  readonly password: string | undefined;
  readonly locale: Locale;
  readonly wlan: Wlan | undefined;
  readonly color: number | undefined;
  readonly rootDevice: string | undefined;
  readonly force: boolean;
}

/** What the command line and the file of answers may both say, by the options' long names. */
export const ANSWERS = z.strictObject({
  bootDevice: z.string(),
  deviceFile: z.string(),
  zeroDevice: z.boolean(),
  allowFixedDisk: z.boolean(),
  image: z.string(),
  signers: z.string(),
  publicKeyPath: z.string(),
  privateKeyPath: z.string(),
  username: z.string(),
  password: z.string(),
  keyboardLayout: z.string(),
  keyboardVariant: z.string(),
  timezone: z.string(),
  lang: z.string(),
  online: z.boolean(),
  offline: z.boolean(),
  wlanSsid: z.string(),
  wlanPassword: z.string(),
  color: z.string(),
  rootDevice: z.string(),
  force: z.boolean(),
}).partial();

export type Answers = {
  [Name in keyof z.infer<typeof ANSWERS>]?: z.infer<typeof ANSWERS>[Name] | undefined;
};

/** Reads a file of answers: YAML, an option's name without its dashes, then its value. */
export function readAnswers(path: string): Answers {
  try {
    const value: unknown = parse(readText(path, 65536)) ?? {};
    const camel = Object.fromEntries(
      Object.entries(z.record(z.string(), z.unknown()).parse(value))
        .map(([name, v]) => [name.replace(/-([a-z])/g, (_, c: string) => c.toUpperCase()), v]),
    );
    return ANSWERS.parse(camel);
  } catch (cause) {
    if (cause instanceof TowerError) throw cause;
    // Its own words would show values, and one may be a password.
    const fields = cause instanceof z.ZodError
      ? cause.issues.map((i) =>
        [...i.path, ...(i.code === "unrecognized_keys" ? i.keys : [])].join(".")
      )
      : [];
    throw new TowerError(
      "usage",
      `Cannot read answers "${path}": ${
        fields.length > 0
          ? `wrong: ${fields.join(", ")}`
          : "it is no YAML of option names and values"
      }`,
    );
  }
}

/** @throws {TowerError} `usage` with the rule that the answers break. */
export function requestOf(
  name: string,
  answers: Answers,
  locale: Locale,
  resolve: (path: string) => string,
): ProvisionRequest {
  const host = hostName(name);
  const role = roleOf(host, answers);
  const path = (value: string | undefined) => value === undefined ? undefined : resolve(value);
  return {
    name: host,
    role,
    target: targetOf(answers, resolve),
    image: path(answers.image),
    signers: path(answers.signers),
    keyPair: keyPairOf(answers, resolve),
    password: answers.password,
    locale: {
      username: answers.username ?? locale.username,
      keyboardLayout: answers.keyboardLayout ?? locale.keyboardLayout,
      keyboardVariant: answers.keyboardVariant ?? answers.keyboardLayout ?? locale.keyboardVariant,
      timezone: answers.timezone ?? locale.timezone,
      lang: answers.lang ?? locale.lang,
    },
    wlan: wlanFor(role, answers),
    color: colorFor(answers),
    rootDevice: answers.rootDevice,
    force: answers.force ?? false,
  };
}

const usage = (message: string, hint?: string) =>
  new TowerError("usage", message, hint === undefined ? {} : { hint });

function roleOf(name: HostName, { online, offline }: Answers): ProvisionRequest["role"] {
  if (name === "router") {
    if (!offline) return "router";
    throw usage(`Cannot provision "router" as an offline host: it is the way to the Internet`);
  }
  if (Boolean(online) === Boolean(offline)) {
    throw usage(`Cannot provision "${name}": say one of --online and --offline`);
  }
  return online ? "online" : "offline";
}

function targetOf(answers: Answers, resolve: (path: string) => string): Target {
  const { bootDevice, deviceFile, allowFixedDisk = false, zeroDevice = false } = answers;
  if ((bootDevice === undefined) === (deviceFile === undefined)) {
    throw usage(
      "Cannot provision: say one of --boot-device and --device-file",
      "lsblk shows the devices of this machine; plug the card in and look what is new",
    );
  }
  return bootDevice === undefined
    ? { kind: "file", path: resolve(deviceFile!) }
    : { kind: "device", path: resolve(bootDevice), allowFixed: allowFixedDisk, zero: zeroDevice };
}

function keyPairOf(answers: Answers, resolve: (path: string) => string) {
  const { publicKeyPath, privateKeyPath } = answers;
  if (publicKeyPath === undefined && privateKeyPath === undefined) return undefined;
  if (publicKeyPath === undefined || privateKeyPath === undefined) {
    throw usage(
      "Cannot use one half of a key pair: --public-key-path and --private-key-path go together",
    );
  }
  return { publicKey: resolve(publicKeyPath), privateKey: resolve(privateKeyPath) };
}

function wlanFor(role: ProvisionRequest["role"], { wlanSsid, wlanPassword }: Answers) {
  if (role !== "router") {
    if (wlanSsid === undefined && wlanPassword === undefined) return undefined;
    throw usage("Cannot give a Wi-Fi to this host: the router alone has one");
  }
  if (wlanSsid === undefined || wlanPassword === undefined) {
    throw usage(
      'Cannot provision "router": it needs --wlan-ssid and --wlan-password',
      "Both may stand in the file of --answers, where no other user sees them",
    );
  }
  return wlanOf(wlanSsid, wlanPassword);
}

function colorFor({ color }: Answers): number | undefined {
  if (color === undefined) return undefined;
  const code = colorCode(color);
  if (code === undefined) throw usage(`Cannot use color "${color}": it is none of TowerOS'`);
  return code;
}
