import { describeDevice } from "../disk/devices.ts";
import type { Option, Page, Pages, TextField, Values } from "../dialog/page.ts";
import { languageNames, regionName, spokenLanguage } from "../locale/languages.ts";
import { formatBytes } from "../report/quantity.ts";
import { answerFault, DEFAULTS, secretFault, type TextAnswer } from "./answers.ts";
import type { DiskChoice, DiskChoices, PlaceChoices } from "./choices.ts";
import { passwordStrength } from "./password_strength.ts";
import { isTakenName } from "./plan.ts";

/** All that the questions are made of. */
export interface SetupFacts extends PlaceChoices {
  readonly disks: DiskChoices;
  /** Whether the file of answers has the hash of a password. */
  readonly hasHash: boolean;
  /** Whether nothing is written after all. */
  readonly isDryRun: boolean;
}

/** What is marked at first. */
export const FIRST_VALUES: Values = {
  ...DEFAULTS,
  "keyboard-variant": "us",
  username: "tower",
  encryption: "",
};

/** The word that has the disks looked for again. */
export const LOOK_AGAIN = "look again";

/** The questions of `tower setup`, in their order. Values go by the names of the answers; disks by their paths. */
export function setupPages(facts: SetupFacts): Pages {
  const place = [keyboardPage(facts), languagePage(), zonePage(facts)];
  return (values) => [
    place[0]!,
    ...place.slice(1),
    userPage(facts),
    passwordPage(values),
    diskPage(facts),
    encryptionPage(),
    ...values["encryption"] === "yes" ? [passphrasePage()] : [],
    overviewPage(facts, values),
    confirmPage(facts, values),
  ];
}

function keyboardPage({ keyboards }: SetupFacts): Page {
  const head = { id: "keyboard", title: "Keyboard" };
  if (keyboards === undefined) {
    return {
      ...{ kind: "text", ...head },
      says: ["What is your keyboard? This medium has no list of them: the names are those of X."],
      fields: [
        textField("keyboard-layout", "Layout", "such as us, de, fr or latam"),
        textField("keyboard-variant", "Variant", "the same again, or such as de-nodeadkeys"),
      ],
    };
  }
  const options = keyboards.map(({ layout, variant }): Option => {
    const region = regionName(layout);
    const values = { "keyboard-layout": layout, "keyboard-variant": variant };
    return {
      label: variant,
      ...region === undefined ? {} : { note: region },
      then: { kind: "set", values },
    };
  });
  const says = [
    "What is your keyboard? Letters find one by its name or country.",
    "It is in use at once.",
  ];
  return { kind: "list", ...head, says, options };
}

function languagePage(): Page {
  return {
    ...{ kind: "list", id: "language", title: "Language" },
    says: ["Which language shall programs speak, where they know it?"],
    options: languageNames().map((name) => ({
      label: spokenLanguage(name),
      note: name,
      then: { kind: "set", values: { lang: `${name}.UTF-8` } },
    })),
  };
}

function zonePage({ zones }: SetupFacts): Page {
  return {
    ...{ kind: "list", id: "timezone", title: "Time zone" },
    says: ["Where does its clock stand? Type a city or a continent."],
    options: zones.map((zone) => ({
      label: zone,
      then: { kind: "set", values: { timezone: zone } },
    })),
  };
}

function userPage({ passwd }: SetupFacts): Page {
  const user = textField("username", "User", "who logs in, and is root by doas");
  return {
    ...{ kind: "text", id: "user", title: "User and name" },
    says: ["Who uses this thin client, and what is it called?"],
    fields: [
      {
        ...user,
        fault: (value, values) =>
          user.fault(value, values) ??
            (isTakenName(value, passwd)
              ? "must be a name that the system has not got already"
              : undefined),
      },
      textField("hostname", "Machine", "the name of this thin client"),
    ],
  };
}

function textField(name: TextAnswer, label: string, remark: string): TextField {
  return { name, label, fault: (value) => answerFault(name, value), remark: () => remark };
}

function passwordPage({ username = "", hostname = "" }: Values): Page {
  return {
    ...{ kind: "text", id: "password", title: "Password" },
    says: [`What is the password of ${username}?`],
    fields: secretFields("password", [username, hostname, "tower"]),
  };
}

function secretFields(
  what: "password" | "passphrase",
  known: readonly string[],
): readonly TextField[] {
  const again = `${what}-again`;
  return [
    {
      ...{ name: what, label: "It is", isSecret: true },
      fault: (value) => secretFault(what, value),
      remark: (value) =>
        value === "" ? undefined : `This one is ${passwordStrength(value, known)}.`,
    },
    {
      ...{ name: again, label: "Again", isSecret: true },
      fault: (value, values) =>
        value === (values[what] ?? "") ? undefined : "must be the same again",
    },
  ];
}

function diskPage({ disks: { offered, refused } }: SetupFacts): Page {
  const again: Option = {
    label: "Look again",
    note: "for a disk that was plugged in meanwhile",
    then: { kind: "do", word: LOOK_AGAIN },
  };
  return {
    ...{ kind: "list", id: "disk", title: "Disk" },
    says: [
      offered.length === 0
        ? "There is no disk that this thin client can go on."
        : "Which disk shall it go on? Nothing is written before you have agreed to it.",
      ...refused.map((reason) => `Not ${reason}.`),
    ],
    options: [
      ...offered.map((choice): Option => ({
        label: `${choice.disk.path} ${choice.disk.model || "no model"}`,
        note: `${formatBytes(choice.disk.size)}, serial ${choice.disk.serial || "unknown"}`,
        detail: holds(choice),
        then: { kind: "set", values: { disk: choice.disk.path } },
      })),
      again,
    ],
  };
}

function holds({ disk, state }: DiskChoice): string {
  switch (state.kind) {
    case "empty":
      return `${disk.path} is empty.`;
    case "begun":
      return `A setup was begun on ${disk.path}, and not ended.`;
    case "used":
      return `On ${disk.path} there is ${state.what}. All of it would be lost.`;
  }
}

function encryptionPage(): Page {
  const option = (label: string, value: string): Option => ({
    label,
    then: { kind: "set", values: { encryption: value } },
  });
  return {
    ...{ kind: "list", id: "encryption", title: "Encryption" },
    says: [
      "Shall what is yours on the disk be encrypted: home, the keys of your hosts, the settings?",
      "Its passphrase is asked for at every start. Without it nobody, you neither, reads the disk.",
    ],
    options: [option("Yes, with a passphrase", "yes"), option("No", "no")],
  };
}

function passphrasePage(): Page {
  return {
    ...{ kind: "text", id: "passphrase", title: "Passphrase" },
    says: [
      "Which passphrase opens the disk? Several words that have nothing to do with each other are good.",
    ],
    fields: secretFields("passphrase", []),
  };
}

function overviewPage(facts: SetupFacts, values: Values): Page {
  const choice = chosenDisk(facts, values);
  const row = (label: string, page: string, note: string): Option => ({
    ...{ label, note, then: { kind: "go", page } },
  });
  return {
    ...{ kind: "list", id: "overview", title: "All answers" },
    says: ["Go on, or choose what is to be answered anew."],
    options: [
      row(
        "Go on",
        choice === undefined ? "disk" : "confirm",
        choice === undefined ? "to choose a disk" : "",
      ),
      row("Keyboard", "keyboard", values["keyboard-variant"] ?? ""),
      row("Language", "language", values["lang"] ?? ""),
      row("Time zone", "timezone", values["timezone"] ?? ""),
      row("User", "user", `${values["username"]} of ${values["hostname"]}`),
      row("Password", "password", passwordNote(facts, values)),
      {
        ...row("Disk", "disk", choice === undefined ? "none" : nameOf(choice)),
        ...choice === undefined ? {} : { detail: holds(choice) },
      },
      row(
        "Encryption",
        "encryption",
        values["encryption"] === "yes" ? "with a passphrase" : "none",
      ),
      ...values["encryption"] === "yes"
        ? [row("Passphrase", "passphrase", passwordStrength(values["passphrase"] ?? ""))]
        : [],
    ],
  };
}

function passwordNote({ hasHash }: SetupFacts, values: Values): string {
  const { password = "", username = "", hostname = "" } = values;
  if (password !== "") return passwordStrength(password, [username, hostname, "tower"]);
  return hasHash ? "of the answers' file" : "none";
}

function confirmPage(facts: SetupFacts, values: Values): Page {
  const choice = chosenDisk(facts, values);
  const isLost = choice?.state.kind === "used";
  return {
    ...{ kind: "list", id: "confirm", title: "Shall it be done?" },
    says: choice === undefined ? ["There is no disk."] : [
      isLost
        ? `ALL THAT IS ON ${choice.disk.path} WILL BE LOST: ${choice.state.what}.`
        : holds(choice),
      `This sets up a thin client on ${nameOf(choice)}.`,
      ...facts.isDryRun ? ["This is a dry run: nothing is written."] : [],
    ],
    options: [
      { label: "No, back to all answers", then: { kind: "go", page: "overview" } },
      ...choice === undefined ? [] : [
        {
          label: facts.isDryRun
            ? "Yes, show what would be done"
            : isLost
            ? "Yes, lose what is on it"
            : "Yes, write to the disk",
          then: { kind: "do", word: "done" },
        } as const,
      ],
    ],
  };
}

function nameOf({ disk }: DiskChoice): string {
  return describeDevice(disk);
}

/** The disk that was chosen, if it is still there. */
export function chosenDisk({ disks }: SetupFacts, values: Values): DiskChoice | undefined {
  return disks.offered.find(({ disk }) => disk.path === values["disk"]);
}
