import { pathArgument, quoteArgument, splitArguments } from "./argument.ts";

/**
 * The lines of an ssh_config(5), exactly as they were. Each character is a byte: what encoding a
 * file has is nobody's business, and what is not touched stays as it was.
 */
export interface SshConfig {
  readonly lines: readonly string[];
}

/** How a host of the tower is reached. */
export interface HostBlock {
  readonly hostName: string;
  readonly user: string;
  /** Absolute paths. */
  readonly identityFile: string;
  readonly knownHostsFile: string;
  /** Folder of the sockets of open connections. */
  readonly controlFolder: string;
  /** Seconds. */
  readonly connectTimeout: number;
}

/**
 * How every connection to a host is made. A host that may be hostile gets no agent and no screen, and
 * may ask no question; one that no longer answers is given up within 20 s. OpenSSH 7.6 knows all.
 */
export const SAFE_CLIENT = [
  ["PreferredAuthentications", "publickey"],
  ["ServerAliveInterval", "5"],
  ["ServerAliveCountMax", "3"],
  ["ForwardAgent", "no"],
  ["ForwardX11", "no"],
  ["ForwardX11Trusted", "no"],
] as const;

/** Keywords and arguments that {@linkcode setHost} writes, arguments quoted. */
function settingsOf(name: string, block: HostBlock): (readonly [string, string])[] {
  return [
    ["Hostname", quoteArgument(block.hostName)],
    ["User", quoteArgument(block.user)],
    ["IdentityFile", pathArgument(block.identityFile)],
    ["IdentitiesOnly", "yes"],
    ["UserKnownHostsFile", pathArgument(block.knownHostsFile)],
    ["GlobalKnownHostsFile", "none"],
    ["HostKeyAlias", quoteArgument(name)],
    ["StrictHostKeyChecking", "yes"],
    ["LogLevel", "ERROR"],
    ["ConnectTimeout", String(requireWhole(block.connectTimeout))],
    ...SAFE_CLIENT,
    ["ControlMaster", "auto"],
    ["ControlPath", controlPath(block.controlFolder)],
    ["ControlPersist", "60"],
  ];
}

/**
 * What a user's own `Host *` must not decide for a host of the tower, but a line in its block may.
 * OpenSSH 7.6 knows all of them.
 */
const UNLESS_SAID = [
  ["ProxyJump", "none"],
  ["ProxyCommand", "none"],
  ["RemoteCommand", "none"],
  ["RequestTTY", "auto"],
  ["PubkeyAuthentication", "yes"],
  ["VerifyHostKeyDNS", "no"],
  ["UpdateHostKeys", "no"],
] as const;

/** `%C` is a hash of the connection: short, as a socket's path must be (unix(7), 108 bytes). */
export function controlPath(folder: string): string {
  const path = pathArgument(folder);
  return path.endsWith('"') ? `${path.slice(0, -1)}/%C"` : `${path}/%C`;
}

function requireWhole(seconds: number): number {
  if (Number.isInteger(seconds) && seconds > 0) return seconds;
  throw new RangeError(`${seconds} is no whole number of seconds`);
}

export function parseSshConfig(text: string): SshConfig {
  return { lines: text === "" ? [] : text.replace(/\n$/, "").split("\n") };
}

export function renderSshConfig(config: SshConfig): string {
  return config.lines.map((line) => `${line}\n`).join("");
}

/** A line as keyword in lower case and arguments; undefined for comments and empty lines. */
function readLine(line: string): { keyword: string; args: readonly string[] } | undefined {
  // A value may stand after `=`, with blanks around it (ssh_config(5)).
  const match =
    /^[ \t\r\f]*"?([A-Za-z0-9]+)"?(?:[ \t\r\f]*=[ \t\r\f]*|[ \t\r\f]+|$)(.*?)[ \t\r\f]*$/s
      .exec(line);
  if (!match) return undefined;
  return { keyword: match[1]!.toLowerCase(), args: splitArguments(match[2]!) ?? [] };
}

/** Where the block of a host begins and ends; only one with that name alone is ours. */
function blockOf({ lines }: SshConfig, name: string): { begin: number; end: number } | undefined {
  const isStart = (line: string) => /^(host|match)$/.test(readLine(line)?.keyword ?? "");
  const begin = lines.findIndex((line) => {
    const parsed = readLine(line);
    return parsed?.keyword === "host" && parsed.args.length === 1 && parsed.args[0] === name;
  });
  if (begin < 0) return undefined;
  const next = lines.findIndex((line, i) => i > begin && isStart(line));
  return { begin, end: next < 0 ? lines.length : next };
}

/** The names of hosts that have a block of their own, in order; patterns are none. */
export function hostNames({ lines }: SshConfig): string[] {
  return lines.map(readLine)
    .flatMap((line) => line?.keyword === "host" && line.args.length === 1 ? line.args : [])
    .filter((name) => !/[*?!]/.test(name));
}

/** The first argument of each keyword (in lower case) in the block of a host. */
export function hostSettings(config: SshConfig, name: string): Map<string, string> | undefined {
  const block = blockOf(config, name);
  if (!block) return undefined;
  const settings = new Map<string, string>();
  for (const line of config.lines.slice(block.begin + 1, block.end)) {
    const parsed = readLine(line);
    if (parsed && !settings.has(parsed.keyword)) settings.set(parsed.keyword, parsed.args[0] ?? "");
  }
  return settings;
}

/**
 * Gives a host a block, at the end when it has none. In one that is there, lines that Tower does
 * not write stay: comments and other keywords.
 *
 * @throws {RangeError} for a name or value that cannot be written.
 */
export function setHost(config: SshConfig, name: string, settings: HostBlock): SshConfig {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw new RangeError(`"${name}" is no host name`);
  const written = settingsOf(name, settings);
  const ours = new Set(written.map(([keyword]) => keyword.toLowerCase()));
  const block = blockOf(config, name);
  const { begin, end } = block ?? { begin: config.lines.length, end: config.lines.length };
  const kept = config.lines.slice(begin + 1, end)
    .filter((line) => !ours.has(readLine(line)?.keyword ?? ""));
  const said = new Set(kept.map((line) => readLine(line)?.keyword ?? ""));
  written.push(...UNLESS_SAID.filter(([keyword]) => !said.has(keyword.toLowerCase())));
  const lines = [`Host ${name}`, ...written.map(([keyword, value]) => `  ${keyword} ${value}`)];
  return {
    lines: [...config.lines.slice(0, begin), ...lines, ...kept, ...config.lines.slice(end)],
  };
}

/** Takes the block of a host away, with what stands in it; comments and blanks at its end stay. */
export function removeHost(config: SshConfig, name: string): SshConfig {
  const block = blockOf(config, name);
  if (!block) return config;
  let end = block.end;
  while (end > block.begin + 1 && readLine(config.lines[end - 1]!) === undefined) end--;
  return removeHost({
    lines: [...config.lines.slice(0, block.begin), ...config.lines.slice(end)],
  }, name);
}

/**
 * The line that makes another file part of one. It must come before the first block, or it would
 * belong to that: it goes to the top, as TowerOS puts it.
 *
 * @throws {RangeError} for a path that cannot be written.
 */
export function includeLine(path: string): string {
  return `Include ${pathArgument(path)}`;
}

/**
 * Whether a file is part of this one for every host, in any spelling that ssh knows: what stands
 * in a block is for some.
 *
 * @param home What `~` stands for.
 */
export function includesFile({ lines }: SshConfig, path: string, home: string): boolean {
  const parsed = lines.map(readLine);
  const first = parsed.findIndex((line) => /^(host|match)$/.test(line?.keyword ?? ""));
  return parsed.slice(0, first < 0 ? lines.length : first)
    .flatMap((line) => line?.keyword === "include" ? line.args : [])
    .map((arg) => arg.replace(/^~(?=\/)/, home).replaceAll("%%", "%"))
    .map((arg) => arg.startsWith("/") ? arg : `${home}/.ssh/${arg}`)
    .some((pattern) => names(pattern, path));
}

/**
 * Whether a pattern names a path, folder by folder (glob(7)). One with brackets or backslashes is
 * taken for another path: to include a file twice does no harm.
 */
function names(pattern: string, path: string): boolean {
  const [wanted, found] = [pattern.split(/\/+/), path.split("/")];
  return wanted.length === found.length && wanted.every((part, i) => {
    const name = found[i]!;
    if (part === name) return true;
    if (!/[*?]/.test(part) || /[[\\]/.test(part)) return false;
    if (name.startsWith(".") && !part.startsWith(".")) return false;
    const source = part.replace(/[.+^${}()|\]]/g, "\\$&").replace(/\*+/g, ".*").replaceAll(
      "?",
      ".",
    );
    return new RegExp(`^${source}$`, "s").test(name);
  });
}
