import { z } from "zod";
import { TowerError } from "../errors.ts";
import { decodeYaml } from "../schema/yaml_document.ts";
import { readText } from "../files/files.ts";
import { type Key, RULES } from "../tower_env/rules.ts";
import { COLOR_WORDS, colorCode } from "../tower_env/color_names.ts";

/** Text that obeys a rule of tower.env. */
function ruled(key: Key) {
  const { isGood, says } = RULES[key];
  return z.string().refine(isGood, { message: `must ${says}` });
}

/** What the command line and the file of answers may both say, by the options' long names. */
const ANSWERS = {
  "boot-device": z.string(),
  "device-file": z.string(),
  "zero-device": z.boolean(),
  "allow-fixed-disk": z.boolean(),
  image: z.string(),
  signers: z.string(),
  "public-key-path": z.string(),
  "private-key-path": z.string(),
  username: ruled("USERNAME"),
  password: ruled("PASSWORD"),
  "keyboard-layout": ruled("KEYBOARD_LAYOUT"),
  "keyboard-variant": ruled("KEYBOARD_VARIANT"),
  timezone: ruled("TIMEZONE"),
  lang: ruled("LANG"),
  online: z.boolean(),
  offline: z.boolean(),
  "wlan-ssid": z.string(),
  "wlan-password": z.string(),
  color: z.string().refine((name) => colorCode(name) !== undefined, {
    message: `must be one of ${COLOR_WORDS.join(", ")}`,
  }),
  "root-device": ruled("ROOT_DEVICE"),
  "wipe-root-device": z.boolean(),
  force: z.boolean(),
} as const;

type Camel<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Name;

export type Answers = {
  [Name in keyof typeof ANSWERS as Camel<Name>]?: z.infer<(typeof ANSWERS)[Name]> | undefined;
};

/** A file of answers: what holds for all hosts, and what for each. */
export interface AnswersFile {
  readonly all: Answers;
  readonly hosts: Readonly<Record<string, Answers>>;
}

const each = z.strictObject(ANSWERS).partial();
const FILE = each.extend({ hosts: z.record(z.string(), each.nullable()).nullable().optional() })
  .nullable();

/**
 * Reads a file of answers: YAML, an option's name without its dashes, then its value; under
 * `hosts` the same for each host by its name.
 * @throws {TowerError} `usage` with every fault, its line and field; no value that may be secret.
 */
export function readAnswers(path: string): AnswersFile {
  try {
    const { hosts, ...all } = decodeYaml(readText(path, 65536), path, FILE, isSecret) ?? {};
    const parts = Object.entries(hosts ?? {}).map((
      [name, value],
    ) => [name, camelKeys(value ?? {})]);
    return { all: camelKeys(all), hosts: Object.fromEntries(parts) };
  } catch (error) {
    if (!(error instanceof TowerError) || error.code !== "malformed") throw error;
    throw new TowerError("usage", error.message, {
      hint: "the names are those of the options in tower provision --help, without dashes before",
    });
  }
}

/** Of the file as a whole too: broken YAML may quote anything. */
function isSecret(path: readonly PropertyKey[]): boolean {
  return path.length === 0 || /password/i.test(String(path.at(-1)));
}

function camelKeys(value: z.infer<typeof each>): Answers {
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, v]) => [name.replace(/-([a-z])/g, (_, c: string) => c.toUpperCase()), v]),
  );
}
