import { createHmac, timingSafeEqual } from "node:crypto";

/** The lines of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT), exactly as they were. */
export interface KnownHosts {
  readonly lines: readonly string[];
}

/** A host key: its type and its base64, as the first two words of a `.pub` file. */
export interface HostKey {
  readonly type: string;
  readonly base64: string;
}

export function parseKnownHosts(text: string): KnownHosts {
  return { lines: text === "" ? [] : text.replace(/\n$/, "").split("\n") };
}

export function renderKnownHosts(known: KnownHosts): string {
  return known.lines.map((line) => `${line}\n`).join("");
}

/** The key in a `.pub` file, or undefined where there is none. */
export function hostKeyOf(publicKey: string): HostKey | undefined {
  const match = /^([a-z0-9@.-]{1,64}) ([A-Za-z0-9+/]{16,4096}={0,2})(?:[ \n]|$)/.exec(publicKey);
  return match ? { type: match[1]!, base64: match[2]! } : undefined;
}

interface KnownLine {
  /** `@cert-authority` or `@revoked`, with the blank after it. */
  readonly marker: string;
  readonly names: readonly string[];
  readonly rest: string;
}

function readLine(line: string): KnownLine | undefined {
  const match = /^\s*(@\S+\s+)?([^\s#@]\S*)(\s+\S+\s+\S.*)$/.exec(line);
  return match
    ? { marker: match[1] ?? "", names: match[2]!.split(","), rest: match[3]! }
    : undefined;
}

/** Whether an entry is that of a name: by exact text, or by its hash; patterns are not asked. */
function isName(entry: string, name: string): boolean {
  const hashed = /^\|1\|([A-Za-z0-9+/]{27}=)\|([A-Za-z0-9+/]{27}=)$/.exec(entry);
  if (!hashed) return entry === name;
  const hmac = createHmac("sha1", Uint8Array.fromBase64(hashed[1]!)).update(name).digest();
  return timingSafeEqual(new Uint8Array(hmac), Uint8Array.fromBase64(hashed[2]!));
}

/** The keys that are trusted for a name; not those of authorities, nor revoked ones. */
export function keysOf(known: KnownHosts, name: string): HostKey[] {
  return known.lines.map(readLine)
    .filter((line) => line?.marker === "" && line.names.some((entry) => isName(entry, name)))
    .flatMap((line) => hostKeyOf(line!.rest.trim().replace(/\s+/g, " ")) ?? []);
}

/**
 * Takes a name out of every line that trusts a key; a line that trusted it for that name alone
 * goes. `192.168.2.1` is not `192.168.2.100`.
 */
export function removeName(known: KnownHosts, name: string): KnownHosts {
  return {
    lines: known.lines.flatMap((line) => {
      const parsed = readLine(line);
      if (!parsed || parsed.marker !== "") return [line];
      const names = parsed.names.filter((entry) => !isName(entry, name));
      if (names.length === parsed.names.length) return [line];
      return names.length === 0 ? [] : [`${names.join(",")}${parsed.rest}`];
    }),
  };
}

/**
 * Trusts exactly these keys for a host, whatever was trusted for its names before.
 *
 * @param names Its name and its address.
 * @throws {RangeError} for a name or key that cannot be written.
 */
export function setHostKeys(
  known: KnownHosts,
  names: readonly [string, ...string[]],
  keys: readonly HostKey[],
): KnownHosts {
  for (const name of names) {
    if (!/^[A-Za-z0-9][A-Za-z0-9.:-]*$/.test(name)) throw new RangeError(`"${name}" is no name`);
  }
  const lines = keys.map((key) => {
    const text = `${key.type} ${key.base64}`;
    const whole = hostKeyOf(text);
    if (whole?.type !== key.type || whole.base64 !== key.base64) {
      throw new RangeError(`"${text.slice(0, 80)}" is no host key`);
    }
    return `${names.join(",")} ${text}`;
  });
  const without = names.reduce(removeName, known);
  return { lines: [...without.lines, ...lines] };
}
