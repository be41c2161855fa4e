import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { resolve } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { add } from "./options.ts";

/** `keys`: key pairs of one's own. */
export function keysCommand(env: Env) {
  return new Command("keys")
    .description("Make keys of your own.")
    .addCommand(secureBootCommand(env));
}

function secureBootCommand(env: Env) {
  return new Command("secure-boot")
    .description(
      "Make the keys of UEFI Secure Boot (PK, KEK and db, RSA of 2048 bits) and what enrols them.",
    )
    .requiredOption("--output <dir>", "a folder that is not there yet; only you may enter it")
    .option("--name <name>", "what the certificates are called", commonName, "Tower Secure Boot")
    .addOption(dateOption("--valid-from <date>", "first day of the certificates", "2024-01-01"))
    .addOption(dateOption("--valid-to <date>", "their last day", "2049-12-31"))
    .addOption(
      new Option(
        "--timestamp <date>",
        "of the enrolment, to the day or the second, such as 2025-01-31T12:00:00Z; firmware takes " +
          "no older one than it has (default: the first day)",
      ).argParser(seconds),
    )
    .option(
      "--also-trust <file>",
      "a certificate of others for db, in DER or PEM, such as Microsoft's for cards with firmware " +
        "of their own; repeatable",
      add,
    )
    .action(async (options) => {
      const { makeSecureBootKeys } = await import("../secure_boot/key_folder.ts");
      const folder = resolve(env.cwd, options.output);
      await makeSecureBootKeys({
        folder,
        name: options.name,
        notBefore: options.validFrom,
        // To the end of the day.
        notAfter: options.validTo + 86_399,
        timestamp: options.timestamp ?? options.validFrom,
        alsoTrusted: (options.alsoTrust ?? []).map((file) => resolve(env.cwd, file)),
      });
      env.stdout.write(`${folder}\n`);
      env.notes.write(
        `Keep ${folder}/*.key for yourself, with a copy elsewhere; what is in ${folder}/public may be ` +
          "seen by all\nA manifest names the folder: { kind: secure-boot, keys: …, sign: […] }\n",
      );
    });
}

function dateOption<Flags extends string>(flags: Flags, description: string, date: string) {
  return new Option(flags, description).argParser(day).default(day(date), date);
}

/** A day in UTC: the seconds from 1970 to its start. */
function day(text: string): number {
  return /^[\d-]*$/.test(text) ? seconds(text) : seconds("");
}

/** A day, or a second of it, in UTC, of the years 1970 to 2099: seconds since 1970. */
function seconds(text: string): number {
  const isDate = /^(19[7-9]\d|20\d\d)-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?$/.test(text);
  const time = isDate ? Date.parse(text) / 1000 : NaN;
  // JavaScript takes 31 February for 2 March.
  const isReal = !Number.isNaN(time) &&
    new Date(time * 1000).toISOString().startsWith(text.replace("Z", ""));
  if (isReal) return time;
  throw new InvalidArgumentError("It must be a date such as 2025-01-31.");
}

function commonName(text: string): string {
  if (/^[\x20-\x7e]{1,60}$/.test(text) && text.trim() === text) return text;
  throw new InvalidArgumentError("It must be 1 to 60 characters of plain ASCII.");
}
