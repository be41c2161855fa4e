import { accountLines, isAccountName, parseId } from "./record.ts";

/** A line of `/etc/passwd` (passwd(5)). */
export interface User {
  readonly name: string;
  /** `x` where the hash is in `/etc/shadow`. */
  readonly password: string;
  readonly uid: number;
  readonly gid: number;
  readonly gecos: string;
  readonly home: string;
  readonly shell: string;
}

/** A line of `/etc/group` (group(5)). */
export interface Group {
  readonly name: string;
  readonly password: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** A line of `/etc/shadow` (shadow(5)). Undefined is an empty field; dates are days since 1970. */
export interface ShadowEntry {
  readonly name: string;
  /** A crypt(5) hash; with `!` or `*` in front no password matches. */
  readonly hash: string;
  readonly lastChange: number | undefined;
  readonly minimumAge: number | undefined;
  readonly maximumAge: number | undefined;
  readonly warning: number | undefined;
  readonly inactivity: number | undefined;
  readonly expires: number | undefined;
  readonly reserved: string;
}

/** The three files as one value. Order is the files' order. */
export interface Accounts {
  readonly users: readonly User[];
  readonly groups: readonly Group[];
  readonly shadow: readonly ShadowEntry[];
}

/** @throws {TowerError} `malformed` or `limit` with file and line. */
export function parsePasswd(text: string): User[] {
  return accountLines("/etc/passwd", text, 7).map((line) => {
    const [name, password, , , gecos, home, shell] = line.fields as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    return { name, password, uid: parseId(line, 2), gid: parseId(line, 3), gecos, home, shell };
  });
}

export function formatPasswd(users: readonly User[]): string {
  return users.map((u) =>
    `${u.name}:${u.password}:${u.uid}:${u.gid}:${u.gecos}:${u.home}:${u.shell}\n`
  ).join("");
}

/** @throws {TowerError} `malformed` or `limit` with file and line. */
export function parseGroup(text: string): Group[] {
  return accountLines("/etc/group", text, 4).map((line) => {
    const [name, password, , list] = line.fields as [string, string, string, string];
    const members = list === "" ? [] : list.split(",");
    if (!members.every(isAccountName)) line.fail("a member is no account name");
    return { name, password, gid: parseId(line, 2), members };
  });
}

export function formatGroup(groups: readonly Group[]): string {
  return groups.map((g) => `${g.name}:${g.password}:${g.gid}:${g.members.join(",")}\n`).join("");
}

/** @throws {TowerError} `malformed` or `limit` with file and line. */
export function parseShadow(text: string): ShadowEntry[] {
  return accountLines("/etc/shadow", text, 9).map((line) => {
    const day = (index: number): number | undefined =>
      line.fields[index] === "" ? undefined : parseId(line, index);
    return {
      name: line.fields[0]!,
      hash: line.fields[1]!,
      lastChange: day(2),
      minimumAge: day(3),
      maximumAge: day(4),
      warning: day(5),
      inactivity: day(6),
      expires: day(7),
      reserved: line.fields[8]!,
    };
  });
}

export function formatShadow(entries: readonly ShadowEntry[]): string {
  const text = (day: number | undefined): string => day === undefined ? "" : `${day}`;
  return entries.map((e) =>
    [
      e.name,
      e.hash,
      text(e.lastChange),
      text(e.minimumAge),
      text(e.maximumAge),
      text(e.warning),
      text(e.inactivity),
      text(e.expires),
      e.reserved,
    ].join(":") + "\n"
  ).join("");
}
