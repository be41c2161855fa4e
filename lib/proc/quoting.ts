/** Characters that mean nothing to a POSIX shell. */
const PLAIN = /^[A-Za-z0-9_/.,:=@%+-]+$/;
/** What would drive or confuse a terminal: control characters but tab and line feed, and marks of direction. */
const UNSHOWABLE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g;

/**
 * An argv as one line that can be pasted into a POSIX shell and runs the same program, with
 * every word at an index in `secretArgs` shown as `***`. For display only: nothing is ever run
 * through a shell here.
 */
export function quoteArgv(argv: readonly string[], secretArgs: readonly number[] = []): string {
  return argv.map((word, i) => {
    if (secretArgs.includes(i)) return "***";
    // `A=b` as the first word would be an assignment (POSIX.1-2024, XCU 2.9.1).
    return i === 0 && word.includes("=") ? inQuotes(word) : quoteWord(word);
  }).join(" ");
}

function quoteWord(word: string): string {
  return PLAIN.test(word) ? word : inQuotes(word);
}

function inQuotes(word: string): string {
  const quoted = `'${word.replaceAll("'", `'\\''`)}'`;
  // printf takes octal escapes in every POSIX shell; `$'…'` is missing from dash.
  return quoted.replace(UNSHOWABLE, (run) => `'"$(printf '${octal(run)}')"'`);
}

function octal(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return Array.from(bytes, (b) => `\\${b.toString(8).padStart(3, "0")}`).join("");
}
