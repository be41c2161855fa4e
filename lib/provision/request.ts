import type { Target } from "../disk/target.ts";
import { TowerError } from "../errors.ts";
import { type HostName, hostName } from "../fleet/host.ts";
import { type Key, RULES, type ValueRule } from "../tower_env/rules.ts";
import { type Wlan, wlanOf } from "../tower_env/wlan.ts";
import type { Answers, AnswersFile } from "./answers.ts";
import { colorCode } from "../tower_env/color_names.ts";

/** The thin client's own place, which hosts get unless told another. */
export interface Locale {
  readonly username: string;
  readonly keyboardLayout: string;
  readonly keyboardVariant: string;
  readonly timezone: string;
  readonly lang: string;
}

/** All that a user wants of a host, but where it goes. */
export interface HostWish {
  readonly name: HostName;
  readonly role: "router" | "online" | "offline";
  readonly image: string | undefined;
  readonly signers: string | undefined;
  readonly keyPair: { readonly publicKey: string; readonly privateKey: string } | undefined;
  readonly password: string | undefined;
  readonly locale: Locale;
  readonly wlan: Wlan | undefined;
  readonly color: number | undefined;
  readonly rootDevice: string | undefined;
  readonly wipesRootDevice: boolean;
  readonly force: boolean;
}

/** A host to be made, and its medium. */
export interface ProvisionRequest extends HostWish {
  readonly target: Target;
}

/** What the command line says; media stand in the order of the hosts. */
export interface GivenAnswers extends Omit<Answers, "bootDevice" | "deviceFile"> {
  readonly bootDevice?: readonly string[] | undefined;
  readonly deviceFile?: readonly string[] | undefined;
}

/**
 * The answers for each of some hosts: the command line wins over the host's part of the file, that
 * over what the file says for all.
 *
 * @throws {TowerError} `usage` where hosts and media cannot be paired.
 */
export function answersFor(
  names: readonly string[],
  given: GivenAnswers,
  { all, hosts }: AnswersFile,
): Answers[] {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw usage(`Cannot provision "${twice}" twice at once`);
  const { bootDevice = [], deviceFile = [], ...options } = given;
  const lists = { "--boot-device": bootDevice, "--device-file": deviceFile };
  for (const [option, { length }] of Object.entries(lists)) {
    if (length === 0 || length === names.length) continue;
    throw usage(
      `Cannot pair ${length} of ${option} with ${names.length} of hosts`,
      "Give one for each host, in the same order, or let --answers say it for each",
    );
  }
  return names.map((name, i) => {
    const own = Object.hasOwn(hosts, name) ? hosts[name]! : {};
    const media = {
      ...(bootDevice[i] === undefined ? {} : { bootDevice: bootDevice[i] }),
      ...(deviceFile[i] === undefined ? {} : { deviceFile: deviceFile[i] }),
    };
    return { ...all, ...own, ...options, ...media };
  });
}

/** @throws {TowerError} `usage` with the rule that the answers break. */
export function wishOf(
  name: string,
  answers: Answers,
  locale: Locale,
  resolve: (path: string) => string,
): HostWish {
  const host = hostName(name);
  const role = roleOf(host, answers);
  const place = {
    username: answers.username ?? locale.username,
    keyboardLayout: answers.keyboardLayout ?? locale.keyboardLayout,
    keyboardVariant: answers.keyboardVariant ?? answers.keyboardLayout ?? locale.keyboardVariant,
    timezone: answers.timezone ?? locale.timezone,
    lang: answers.lang ?? locale.lang,
  };
  requireRules(host, place, answers);
  const path = (value: string | undefined) => value === undefined ? undefined : resolve(value);
  return {
    name: host,
    role,
    image: path(answers.image),
    signers: path(answers.signers),
    keyPair: keyPairOf(answers, resolve),
    password: answers.password,
    locale: place,
    wlan: wlanFor(role, answers),
    color: colorFor(answers),
    rootDevice: answers.rootDevice,
    wipesRootDevice: answers.wipeRootDevice ?? false,
    force: answers.force ?? false,
  };
}

const usage = (message: string, hint?: string) =>
  new TowerError("usage", message, hint === undefined ? {} : { hint });

/** Every rule of tower.env that is broken, by the option that mends it (facts E18). */
function requireRules(name: HostName, place: Locale, { password, rootDevice }: Answers): void {
  const values: [option: string, key: Key, value: string | undefined][] = [
    ["--username", "USERNAME", place.username],
    ["--keyboard-layout", "KEYBOARD_LAYOUT", place.keyboardLayout],
    ["--keyboard-variant", "KEYBOARD_VARIANT", place.keyboardVariant],
    ["--timezone", "TIMEZONE", place.timezone],
    ["--lang", "LANG", place.lang],
    ["--password", "PASSWORD", password],
    ["--root-device", "ROOT_DEVICE", rootDevice],
  ];
  const problems = values.flatMap(([option, key, value]) => {
    if (value === undefined) return [];
    const rule: ValueRule = RULES[key];
    // The file knows no escapes: a quote or a new line in it would begin something else.
    const isPlain = /^[\x20-\x26\x28-\x7e]*$/.test(value);
    if (rule.isGood(value) && isPlain) return [];
    const shown = rule.isSecret ? "" : ` "${value.slice(0, 60)}"`;
    const says = rule.isGood(value) ? "have plain ASCII and no single quote" : rule.says;
    return [`${option}${shown} must ${says}`];
  });
  if (problems.length === 0) return;
  throw usage(
    `Cannot provision "${name}":\n  ${problems.join("\n  ")}`,
    "What is not given is taken from this machine: name it on the command line",
  );
}

function roleOf(name: HostName, { online, offline }: Answers): HostWish["role"] {
  if (name === "router") {
    if (!offline) return "router";
    throw usage(`Cannot provision "router" as an offline host: it is the way to the Internet`);
  }
  if (Boolean(online) === Boolean(offline)) {
    throw usage(`Cannot provision "${name}": say one of --online and --offline`);
  }
  return online ? "online" : "offline";
}

/** Where the answers want a host to go; undefined where they do not say. */
export function targetOf(
  answers: Answers,
  resolve: (path: string) => string,
): Target | undefined {
  const { bootDevice, deviceFile } = answers;
  if (bootDevice !== undefined && deviceFile !== undefined) {
    throw usage("Cannot provision: say one of --boot-device and --device-file, not both");
  }
  if (deviceFile !== undefined) return { kind: "file", path: resolve(deviceFile) };
  return bootDevice === undefined ? undefined : deviceTarget(resolve(bootDevice), answers);
}

/** A device as the answers want it treated. */
export function deviceTarget(path: string, answers: Answers): Target {
  const { allowFixedDisk = false, zeroDevice = false } = answers;
  return { kind: "device", path, allowFixed: allowFixedDisk, zero: zeroDevice };
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

function wlanFor(role: HostWish["role"], { wlanSsid, wlanPassword }: Answers) {
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
