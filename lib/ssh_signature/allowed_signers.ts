/** Who may sign: the lines of an allowed_signers file, as ssh-keygen(1) takes them (sshsig.c). */
import { TowerError } from "../errors.ts";
import { type PublicKey, publicKeyAt } from "./public_key.ts";

/** Words that begin a line of authorized_keys (sshd(8)): options, not whose key it is. */
const OPTION_WORD =
  /[="]|^(cert-authority|restrict|no-.*|(agent|port|x11)-forwarding|pty|user-rc)$/i;
const CANNOT_JUDGE = /^(cert-authority|valid-after|valid-before)$/i;
/** Bytes of a pattern that OpenSSH reads no more (match.c). */
const LONGEST_PATTERN = 1023;

/**
 * The keys of a public key file or an allowed_signers file. What ssh-keygen would refuse is refused,
 * wherever it stands: a limit that is not understood must not be none.
 *
 * @param namespace what the signatures are for; keys that are limited to others are left out
 * @throws {TowerError} `malformed`; `unsupported` for limits that only ssh-keygen can judge
 */
export function parseSigners(text: string, file: string, namespace: string): PublicKey[] {
  const keys: PublicKey[] = [];
  for (const [i, whole] of text.split(/\r?\n/).entries()) {
    const line = whole.replace(/^[ \t]+|[ \t]+$/g, "");
    if (line === "" || line.startsWith("#")) continue;
    const key = signerIn(line, namespace, { file, number: i + 1 });
    if (key) keys.push(key);
  }
  if (keys.length > 0) return keys;
  throw new TowerError("malformed", `Cannot read "${file}": it has no key for "${namespace}"`);
}

interface Place {
  readonly file: string;
  readonly number: number;
}

/** The key of a line; undefined where it is limited to other namespaces. */
function signerIn(line: string, namespace: string, place: Place): PublicKey | undefined {
  const refuse = (cause: string) =>
    new TowerError("malformed", `Cannot read "${place.file}": line ${place.number} ${cause}`);
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(line)) throw refuse("has a control character");
  const alone = publicKeyAt(line);
  if (alone) return alone;
  const [, principals = "", rest = ""] = /^([^ \t]+)[ \t]+(.*)$/.exec(line) ?? [];
  if (rest === "") throw refuse("is no public key");
  if (OPTION_WORD.test(principals)) throw refuse("says not whose key it is before its options");
  if (!principals.split(",").some((pattern) => mayName(pattern, principals))) {
    throw refuse("names nobody whose key it is");
  }
  const unlimited = publicKeyAt(rest);
  if (unlimited) return unlimited;
  const end = endOfOptions(rest);
  const key = publicKeyAt(rest.slice(end).replace(/^[ \t]+/, ""));
  if (!key) throw refuse("is no public key");
  const limits = readOptions(rest.slice(0, end), refuse, place);
  return limits === undefined || matchesList(namespace, limits) ? key : undefined;
}

/** Whether somebody is named by a pattern whom none of its list's `!` leaves out. */
function mayName(pattern: string, list: string): boolean {
  return pattern !== "" && !pattern.startsWith("!") && matchesList(pattern, list);
}

/** Options end at a blank that is not in quotes (sshkey_advance_past_options). */
function endOfOptions(text: string): number {
  let isQuoted = false;
  let at = 0;
  for (; at < text.length && (isQuoted || !/[ \t]/.test(text[at]!)); at++) {
    if (text.startsWith('\\"', at)) at++;
    else if (text[at] === '"') isQuoted = !isQuoted;
  }
  return at;
}

/** The patterns of `namespaces`, where the options have it (sshsigopt_parse). */
function readOptions(
  options: string,
  refuse: (cause: string) => TowerError,
  { file, number }: Place,
): string | undefined {
  let namespaces: string | undefined;
  for (let left = options; left !== "";) {
    const [whole = "", name = ""] = /^([A-Za-z0-9-]*)=?/.exec(left) ?? [];
    if (CANNOT_JUDGE.test(name)) {
      throw new TowerError("unsupported", `Cannot judge "${name}" in "${file}", line ${number}`, {
        hint: "check with ssh-keygen -Y verify, or give the public key alone",
      });
    }
    if (/^namespaces=$/i.test(whole)) {
      if (namespaces !== undefined) throw refuse("has two of namespaces");
      const value = /^"((?:\\"|[^"])*)"/.exec(left.slice(whole.length));
      if (!value) throw refuse("has namespaces without quotes around them");
      namespaces = value[1]!.replaceAll('\\"', '"');
      left = left.slice(whole.length + value[0].length);
    }
    if (left === "") break;
    // Nothing between two commas is no option, and no limit either.
    if (!/^,./.test(left)) throw refuse("has an option that is not known");
    left = left.slice(1);
  }
  return namespaces;
}

/**
 * As match_pattern_list of OpenSSH: `*` and `?`, and a `!` before what must not be. A list with a
 * pattern that is too long for it fits nothing.
 */
function matchesList(text: string, list: string): boolean {
  let isFound = false;
  for (const pattern of list.split(",")) {
    const isNegated = pattern.startsWith("!");
    const { length } = new TextEncoder().encode(pattern);
    if (length - Number(isNegated) >= LONGEST_PATTERN) return false;
    if (!matches(text, isNegated ? pattern.slice(1) : pattern)) continue;
    if (isNegated) return false;
    isFound = true;
  }
  return isFound;
}

function matches(text: string, pattern: string): boolean {
  const source = pattern.replace(/[^*?]/g, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`)
    .replace(/\*+/g, ".*").replaceAll("?", ".");
  return new RegExp(`^${source}$`, "su").test(text);
}
