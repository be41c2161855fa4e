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
const ANSWERS = z.strictObject({
  disk: z.string().max(256).refine((text) => /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text), {
    message: "must be a serial number, or a path below /dev/disk/by-id",
  }).refine((text) => !text.startsWith("/") || text.startsWith(BY_ID), {
    message: "must be a serial number, or a path below /dev/disk/by-id: others change",
  }),
  erase: z.boolean().default(false),
  hostname: z.string().refine((name) => name === "thinclient" || RULES.HOSTNAME.isGood(name), {
    message: 'must have 1 to 15 of a-z, 0-9 and "-", and begin and end with a letter or digit',
  }).default("thinclient"),
  username: ruled("USERNAME"),
  password: z.union([secretFile, z.strictObject({ hash: ruled("PASSWORD_HASH") })]),
  encryption: z.strictObject({ passphrase: secretFile }).optional(),
  "keyboard-layout": ruled("KEYBOARD_LAYOUT").default("us"),
  "keyboard-variant": ruled("KEYBOARD_VARIANT").optional(),
  timezone: ruled("TIMEZONE").default("UTC"),
  lang: ruled("LANG").default("en_US.UTF-8"),
});

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
  const answers = decoded(path);
  const secret = ({ file }: { readonly file: string }, field: string, rule: SecretRule) =>
    readSecret(
      isAbsolute(file) ? file : resolve(parentFolder(path), file),
      `${path}: ${field}`,
      rule,
    );
  const { password, encryption } = answers;
  const layout = answers["keyboard-layout"];
  return {
    disk: answers.disk,
    erase: answers.erase,
    settings: {
      hostname: answers.hostname,
      username: answers.username,
      passwordHash: "hash" in password
        ? password.hash
        : sha512Crypt(secret(password, "password.file", PASSWORD), salt),
      keyboardLayout: layout,
      keyboardVariant: answers["keyboard-variant"] ?? layout,
      timezone: answers.timezone,
      lang: answers.lang,
    },
    passphrase: encryption &&
      secret(encryption.passphrase, "encryption.passphrase.file", PASSPHRASE),
  };
}

function decoded(path: string): z.infer<typeof ANSWERS> {
  try {
    return decodeYaml(readText(path, LIMIT), path, ANSWERS, isSecret);
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
