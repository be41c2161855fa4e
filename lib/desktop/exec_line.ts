import { TowerError } from "../errors.ts";

const MOST_WORDS = 64;
/** Characters that stand in quotes alone (specification, "The Exec key"). */
const RESERVED = /[\s"'\\><~|&;$*?#()`]/;

/** What a field code becomes; undefined where it stands for a file, of which there is none. */
type FieldCodes = Readonly<Record<string, string | undefined>>;

/**
 * The words of a program from a value of the key Exec, once {@linkcode stringOf} has read it. Codes for
 * files and addresses go: what the thin client has is not on the host.
 *
 * @param name What `%c` becomes.
 * @throws {TowerError} `malformed`
 */
export function parseExec(text: string, name: string): [string, ...string[]] {
  if (!/^[\x20-\x7e]{1,4096}$/.test(text)) throw malformed("it is empty, long or no plain text");
  const codes: FieldCodes = { c: /^[\x20-\x7e]*$/.test(name) ? name : "", k: "" };
  const words: string[] = [];
  for (let rest = text.trimStart(); rest !== ""; rest = rest.trimStart()) {
    const quoted = /^"((?:[^"\\`$]|\\["`$\\])*)"(?=\s|$)/.exec(rest);
    const plain = quoted ?? /^\S+/.exec(rest)!;
    rest = rest.slice(plain[0].length);
    if (quoted) words.push(unquoted(quoted[1]!));
    else if (RESERVED.test(plain[0])) throw malformed("a character of it must be in quotes");
    else words.push(...expanded(plain[0], codes));
  }
  const [program, ...args] = words;
  if (program === undefined || !/^[A-Za-z0-9_./][A-Za-z0-9_./+-]*$/.test(program)) {
    throw malformed("it begins with no program");
  }
  if (words.length > MOST_WORDS) throw malformed(`it has more than ${MOST_WORDS} words`);
  return [program, ...args];
}

function unquoted(text: string): string {
  // Inside of quotes no field code is defined but that of the percent sign.
  if (text.replaceAll("%%", "").includes("%")) throw malformed("a field code stands in quotes");
  return text.replace(/\\(.)/g, "$1").replaceAll("%%", "%");
}

function expanded(word: string, codes: FieldCodes): string[] {
  if (/^%[fFuUidDnNvm]$/.test(word)) return [];
  return [word.replace(/%(.?)/g, (_, code: string) => {
    if (code === "%") return "%";
    if (/^[fFuUidDnNvm]$/.test(code)) return "";
    const value = codes[code];
    if (value === undefined) throw malformed(`"%${code}" is no field code`);
    return value;
  })];
}

/** The value of Exec that {@linkcode parseExec} reads as these words, before it is escaped as a string. */
export function formatExec(words: readonly string[]): string {
  return words.map((word) => {
    const whole = word.replaceAll("%", "%%");
    if (word !== "" && !RESERVED.test(word)) return whole;
    return `"${whole.replace(/["`$\\]/g, "\\$&")}"`;
  }).join(" ");
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read the key "Exec": ${cause}`);
}
