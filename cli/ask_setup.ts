import { resolve } from "@std/path";
import { beginDialog, type Dialog } from "../lib/dialog/dialog.ts";
import type { Values } from "../lib/dialog/page.ts";
import type { Env } from "../lib/env.ts";
import { TowerError } from "../lib/errors.ts";
import { exists, realPath } from "../lib/files/files.ts";
import {
  answerFault,
  hashOf,
  readGivenAnswers,
  type SetupWish,
  type TextAnswer,
  wishOf,
} from "../lib/setup/answers.ts";
import { applyKeyboard } from "../lib/setup/apply_keyboard.ts";
import { type DiskChoices, placeChoices } from "../lib/setup/choices.ts";
import { chosenDisk, FIRST_VALUES, LOOK_AGAIN, setupPages } from "../lib/setup/questions.ts";
import type { SetupFacts } from "../lib/setup/questions.ts";
import { runDialog } from "./dialog.ts";

/** What is asked with. */
export interface SetupQuestions {
  /** A file of answers that are not asked again. */
  readonly answers: string | undefined;
  readonly isDryRun: boolean;
  /** Of the password's hash. */
  readonly salt: string;
  disks(): Promise<DiskChoices>;
}

/** Whose answers make a page an answered one. */
const PAGES: Readonly<Record<string, readonly Exclude<TextAnswer, "disk">[]>> = {
  keyboard: ["keyboard-layout"],
  language: ["lang"],
  timezone: ["timezone"],
  user: ["username"],
};

/** @throws {TowerError} `usage` where nobody can be asked */
export function requireScreen(env: Pick<Env, "stdinIsTerminal" | "stderrIsTerminal">): void {
  if (env.stdinIsTerminal && env.stderrIsTerminal) return;
  throw new TowerError("usage", "Cannot ask: there is no terminal to do so on", {
    hint: "tower setup --answers FILE asks nothing; tower setup --help names the answers",
  });
}

/** Asks on the terminal for all that a thin client needs, until somebody agrees to it. */
export async function askSetup(questions: SetupQuestions, env: Env): Promise<SetupWish> {
  requireScreen(env);
  const { answers, isDryRun, salt } = questions;
  const given = answers === undefined ? undefined : readGivenAnswers(resolve(env.cwd, answers));
  let facts: SetupFacts = {
    ...placeChoices(env),
    disks: await questions.disks(),
    hasHash: given?.password !== undefined && "hash" in given.password,
    isDryRun,
  };
  const { values, answered } = given === undefined
    ? { values: FIRST_VALUES, answered: [] }
    : givenValues(given, facts);
  const follow = async (before: Dialog, after: Dialog): Promise<Dialog> => {
    const name = "keyboard-variant";
    if (after.page !== "keyboard" && before.values[name] !== after.values[name]) {
      await applyKeyboard(keyboardOf(after.values), env);
    }
    const opensDisks = after.page === "disk" && before.page !== "disk";
    if (after.word === LOOK_AGAIN || opensDisks) {
      facts = { ...facts, disks: await questions.disks() };
      const { offered } = facts.disks;
      const at = offered.findIndex(({ disk }) => disk.path === after.values["disk"]);
      return { ...after, at: Math.max(0, at), search: "" };
    }
    return after;
  };
  if (answered.includes("keyboard")) await applyKeyboard(keyboardOf(values), env);
  const pages = () => setupPages(facts);
  const begin = beginDialog(pages(), values, answered);
  return wishFrom(await runDialog(begin, { pages, follow }, env), facts, { given, salt });
}

function keyboardOf(values: Values) {
  return { layout: values["keyboard-layout"]!, variant: values["keyboard-variant"]! };
}

type Given = ReturnType<typeof readGivenAnswers>;

/** What a file says, and the pages that need not be asked for that. */
function givenValues(given: Given, facts: SetupFacts) {
  const { password, passphrase, disk, erase: _, ...texts } = given;
  const layout = texts["keyboard-layout"];
  const choice = disk === undefined
    ? undefined
    : facts.disks.offered.find(({ disk: d }) =>
      d.serial === disk || d.path === (exists(disk) ? realPath(disk) : disk)
    );
  const values: Record<string, string> = { ...FIRST_VALUES };
  const put = (name: string, value: string | undefined) => {
    if (value !== undefined) values[name] = value;
  };
  put("keyboard-variant", layout);
  for (const [name, value] of Object.entries(texts)) put(name, value);
  put("disk", choice?.disk.path);
  if (password !== undefined && "text" in password) {
    values["password"] = values["password-again"] = password.text;
  }
  if (passphrase !== undefined) {
    values["encryption"] = "yes";
    values["passphrase"] = values["passphrase-again"] = passphrase;
  }
  const answered = Object.entries(PAGES)
    .filter(([, names]) => names.every((name) => texts[name] !== undefined)).map(([id]) => id);
  if (password !== undefined) answered.push("password");
  if (choice !== undefined) answered.push("disk");
  if (passphrase !== undefined) answered.push("encryption", "passphrase");
  return { values, answered };
}

/** Somebody agreed to lose what was told to be on the disk, and to nothing else. */
function wishFrom(
  values: Values,
  facts: SetupFacts,
  { given, salt }: { readonly given: Given | undefined; readonly salt: string },
): SetupWish {
  const { disk, state } = chosenDisk(facts, values)!;
  const value = (name: string) => values[name] ?? "";
  const isNamed = answerFault("disk", disk.serial) === undefined && !disk.serial.startsWith("/") &&
    facts.disks.offered.filter(({ disk: { serial } }) => serial === disk.serial).length === 1;
  const password = value("password") === "" && given?.password !== undefined
    ? given.password
    : { text: value("password") };
  return wishOf({
    // Nobody plugs disks between this and the setup: a path will do where there is no serial number.
    disk: isNamed ? disk.serial : disk.path,
    erase: state.kind === "used",
    username: value("username"),
    hostname: value("hostname"),
    "keyboard-layout": value("keyboard-layout"),
    "keyboard-variant": value("keyboard-variant"),
    timezone: value("timezone"),
    lang: value("lang"),
  }, {
    passwordHash: hashOf(password, salt),
    passphrase: value("encryption") === "yes" ? value("passphrase") : undefined,
  });
}
