import { isAbsolute, resolve } from "@std/path";
import { z } from "zod";
import { sha512Crypt } from "../accounts/sha512_crypt.ts";
import { TowerError } from "../errors.ts";
import { readText } from "../files/files.ts";
import { parentFolder } from "../files/folders.ts";
import { openToOthers } from "../files/private_folder.ts";
import { decodeYaml } from "../schema/yaml_document.ts";
import { type Key, RULES } from "../tower_env/rules.ts";
import type { Settings } from "./settings.ts";

/** Most bytes of answers, and of a secret. */
const [LIMIT, SECRET_LIMIT] = [65536, 1024];
/** Disks by names that are theirs: /dev/sda is another one at the next start. */
const BY_ID = "/dev/disk/by-id/";

function ruled(key: Key) {
  const { isGood, says } = RULES[key];
  return z.string().refine(isGood, { message: `must ${says}` });
}

const secretFile = z.strictObject({ file: z.string().min(1) });

/** What is asked of whoever sets up a thin client, by the names of options of `provision`. */
const FIELDS = {
  disk: z.string().max(256).refine((text) => /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text), {
    message: "must be a serial number, or a path below /dev/disk/by-id",
  }).refine((text) => !text.startsWith("/") || text.startsWith(BY_ID), {
    message: "must be a serial number, or a path below /dev/disk/by-id: others change",
  }),
  erase: z.boolean(),
  hostname: z.string().refine((name) => name === "thinclient" || RULES.HOSTNAME.isGood(name), {
    message: 'must have 1 to 15 of a-z, 0-9 and "-", and begin and end with a letter or digit',
  }),
  username: ruled("USERNAME"),
  password: z.union([secretFile, z.strictObject({ hash: ruled("PASSWORD_HASH") })]),
  encryption: z.strictObject({ passphrase: secretFile }),
  "keyboard-layout": ruled("KEYBOARD_LAYOUT"),
  "keyboard-variant": ruled("KEYBOARD_VARIANT"),
  timezone: ruled("TIMEZONE"),
  lang: ruled("LANG"),
};

/** What holds where the answers do not say. */
export const DEFAULTS = {
  hostname: "thinclient",
  "keyboard-layout": "us",
  timezone: "UTC",
  lang: "en_US.UTF-8",
} as const;

const GIVEN = z.strictObject(FIELDS).partial();
const ANSWERS = GIVEN.required({ disk: true, username: true, password: true });

type FileAnswers = z.infer<typeof GIVEN>;

/** What a file of answers says but its secrets. */
export type OpenAnswers = Omit<FileAnswers, "password" | "encryption">;

/** Answers that are one text each: what asks for them on a screen judges them by the same rules. */
export type TextAnswer =
  | "disk"
  | "hostname"
  | "username"
  | "keyboard-layout"
  | "keyboard-variant"
  | "timezone"
  | "lang";

/** What is wrong with an answer, such as "must be …"; undefined where nothing is. */
export function answerFault(name: TextAnswer, value: string): string | undefined {
  return FIELDS[name].safeParse(value).error?.issues[0]?.message;
}

/** All that is wanted of a thin client on a disk. */
export interface SetupWish {
  /** A serial number, or a path below /dev/disk/by-id. */
  readonly disk: string;
  /** Whether what is on the disk may be lost. */
  readonly erase: boolean;
  readonly settings: Settings;
  /** Opens the encrypted partition; undefined where it is not encrypted. */
  readonly passphrase: string | undefined;
}

/**
 * Reads a file of answers: YAML, never run, and the files with secrets that it names, from its own folder on.
 * @param salt of the password's hash
 * @throws {TowerError} `usage` with every fault, its line and field; no value that is secret
 */
export function readSetupAnswers(path: string, salt: string): SetupWish {
  const answers = decoded(path, ANSWERS);
  const { password, passphrase } = secretsOf(answers, path);
  return wishOf(answers, { passwordHash: hashOf(password!, salt), passphrase });
}

/**
 * The same of a file that leaves out what it likes.
 * @returns secrets as they are, the password perhaps as its hash
 */
export function readGivenAnswers(path: string): OpenAnswers & GivenSecrets {
  const { password, encryption, ...open } = decoded(path, GIVEN);
  return { ...open, ...secretsOf({ password, encryption }, path) };
}

export interface GivenSecrets {
  readonly password: { readonly text: string } | { readonly hash: string } | undefined;
  readonly passphrase: string | undefined;
}

/** The hash of a password that is not one yet. */
export function hashOf(password: NonNullable<GivenSecrets["password"]>, salt: string): string {
  return "hash" in password ? password.hash : sha512Crypt(password.text, salt);
}

/** What is wanted by answers, which may be fewer than a file of them must have. */
export function wishOf(
  answers: OpenAnswers & { readonly disk: string; readonly username: string },
  { passwordHash, passphrase }: Pick<SetupWish, "passphrase"> & { readonly passwordHash: string },
): SetupWish {
  const { disk, erase = false, username } = answers;
  const layout = answers["keyboard-layout"] ?? DEFAULTS["keyboard-layout"];
  return {
    ...{ disk, erase, passphrase },
    settings: {
      hostname: answers.hostname ?? DEFAULTS.hostname,
      ...{ username, passwordHash },
      keyboardLayout: layout,
      keyboardVariant: answers["keyboard-variant"] ?? layout,
      timezone: answers.timezone ?? DEFAULTS.timezone,
      lang: answers.lang ?? DEFAULTS.lang,
    },
  };
}

function secretsOf(
  { password, encryption }: Pick<FileAnswers, "password" | "encryption">,
  path: string,
): GivenSecrets {
  const secret = ({ file }: { readonly file: string }, field: string, rule: SecretRule) =>
    readSecret(
      isAbsolute(file) ? file : resolve(parentFolder(path), file),
      `${path}: ${field}`,
      rule,
    );
  return {
    password: password && "file" in password
      ? { text: secret(password, "password.file", PASSWORD) }
      : password,
    passphrase: encryption &&
      secret(encryption.passphrase, "encryption.passphrase.file", PASSPHRASE),
  };
}

function decoded<T>(path: string, schema: z.ZodType<T>): T {
  try {
    return decodeYaml(readText(path, LIMIT), path, schema, isSecret);
  } catch (error) {
    if (!(error instanceof TowerError) || error.code !== "malformed") throw error;
    throw new TowerError("usage", error.message, {
      hint: "tower setup --help names all answers",
    });
  }
}

/** Of the file as a whole too: broken YAML may quote anything. */
function isSecret(path: readonly PropertyKey[]): boolean {
  return path.length === 0 || path[0] === "password" || path[0] === "encryption";
}

interface SecretRule {
  readonly what: string;
  readonly pattern: RegExp;
  readonly says: string;
}

/** Both are typed at a console. */
const PASSWORD = {
  what: "password",
  pattern: /^[\x20-\x7e]{1,512}$/,
  says: "have 1 to 512 characters of plain ASCII, in one line",
};
const PASSPHRASE = {
  what: "passphrase",
  pattern: /^[\x20-\x7e]{8,512}$/,
  says: "have 8 to 512 characters of plain ASCII, in one line",
};

/** What is wrong with a secret that is typed; undefined where nothing is. */
export function secretFault(what: "password" | "passphrase", value: string): string | undefined {
  const { pattern, says } = what === "password" ? PASSWORD : PASSPHRASE;
  return pattern.test(value) ? undefined : `must ${says}`;
}

/** The one line of a file that nobody else may read. */
function readSecret(path: string, field: string, { what, pattern, says }: SecretRule): string {
  const text = readText(path, SECRET_LIMIT).replace(/\n$/, "");
  if (openToOthers(path)) {
    throw new TowerError("usage", `Cannot use "${path}" (${field}): others may read it`, {
      hint: `chmod 600 ${path}`,
    });
  }
  if (pattern.test(text)) return text;
  throw new TowerError("usage", `Cannot use "${path}" (${field}): the ${what} must ${says}`);
}
