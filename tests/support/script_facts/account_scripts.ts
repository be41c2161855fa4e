import { sh } from "./script_fact.ts";

/** A user as busybox's adduser is told of it. */
export interface User {
  readonly name: string;
  /** Not where the user shall have the group that adduser finds for itself. */
  readonly group?: string;
  readonly home?: string;
  readonly makesHome?: true;
  readonly shell?: string;
  readonly gecos?: string;
  readonly uid?: number;
  /** Neither below 1000 nor without a password's place. */
  readonly system?: false;
}

export interface Accounts {
  /** With the number that it must have. */
  readonly groups?: readonly (string | readonly [name: string, gid: number])[];
  /** A group that is not the system's. */
  readonly ordinaryGroup?: string;
  readonly users?: readonly User[];
  readonly members?: readonly (readonly [user: string, group: string])[];
}

const userOptions = (user: User, word: (text: string) => string) => [
  ...(user.gecos === undefined ? [] : [`-g ${word(user.gecos)}`]),
  ...(user.group === undefined ? [] : [`-G ${word(user.group)}`]),
  ...(user.uid === undefined ? [] : [`-u ${user.uid}`]),
  ...(user.shell === undefined ? [] : [`-s ${word(user.shell)}`]),
  ...(user.home === undefined ? [] : [`-h ${word(user.home)}`]),
  ...(user.makesHome ? [] : ["-H"]),
  `-D${user.system === false ? "" : "S"}`,
];

const quoted = (text: string) => `'${text}'`;

/** Looks before it makes, one `if` after the other. */
function guarded({ groups = [], ordinaryGroup, users = [], members = [] }: Accounts): string {
  return sh(
    "set -e",
    ...groups.flatMap((group) => {
      const [name, gid] = [group].flat();
      return [
        `if ! grep -q "^${name}:" /etc/group; then`,
        `  addgroup${gid === undefined ? "" : ` --gid ${gid}`} --system ${name}`,
        "fi",
      ];
    }),
    ...(ordinaryGroup === undefined ? [] : [`addgroup ${ordinaryGroup} || :`]),
    ...users.flatMap((user) => [
      `if ! grep -qs '^${user.name}:' /etc/passwd; then`,
      `  adduser ${userOptions(user, quoted).join(" ")} ${user.name}`,
      "fi",
    ]),
    ...members.map(([user, group]) => `addgroup ${user} ${group} || true`),
  );
}

/** Through functions, with options behind the names. */
function inFunctions({ groups = [], ordinaryGroup, users = [], members = [] }: Accounts): string {
  return sh(
    "need_group() {",
    "  local wanted=$1 number=${2:-}",
    '  addgroup "$wanted" -S ${number:+-g "$number"} >/dev/null 2>&1 || return 0',
    "}",
    "need_user() {",
    '  adduser "$@" >/dev/null 2>&1 || true',
    "}",
    ...groups.map((group) => `need_group ${[group].flat().join(" ")}`),
    ...(ordinaryGroup === undefined ? [] : [`addgroup ${ordinaryGroup} 2>/dev/null`]),
    ...users.map((user) => `need_user ${user.name} ${userOptions(user, quoted).join(" ")}`),
    ...members.map(([user, group]) => `need_user ${user} ${group}`),
    "true",
  );
}

/** With variables and a loop, all failures let pass at the end. */
function inVariables({ groups = [], ordinaryGroup, users = [], members = [] }: Accounts): string {
  const plain = groups.filter((group) => typeof group === "string");
  return sh(
    ...groups.filter((group) => typeof group !== "string")
      .map(([name, gid]) => `addgroup -Sg ${gid} ${name} 2> /dev/null`),
    ...(plain.length === 0
      ? []
      : [`for g in ${plain.join(" ")}; do addgroup -S "$g" 2> /dev/null; done`]),
    ...(ordinaryGroup === undefined ? [] : [`g=${ordinaryGroup} && addgroup "$g" 2> /dev/null`]),
    ...users.flatMap((user) => [
      `who=${user.name}`,
      `adduser \\`,
      ...userOptions(user, (text) => `"${text.replaceAll(user.name, "${who}")}"`)
        .map((option) => `\t${option} \\`),
      `\t"$who" 2> /dev/null`,
    ]),
    ...members.map(([user, group]) => `{ addgroup '${user}' '${group}'; } 2> /dev/null`),
    ": the status of these does not matter",
  );
}

/** Scripts that make accounts, each in its own way. */
export function accountScripts(accounts: Accounts): string[] {
  return [guarded(accounts), inFunctions(accounts), inVariables(accounts)];
}
