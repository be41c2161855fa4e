/** What no POSIX shell gives a meaning to. */
const PLAIN = /^[A-Za-z0-9_/.,:@%+-]+$/;

/**
 * An argv as the one string that sshd hands to the remote user's shell; the shell makes the same
 * words of it again (POSIX.1-2024, XCU 2.2.2). Nothing else in Tower makes remote commands.
 *
 * @throws {RangeError} for a word with NUL, which no program can get, and for a program that
 * begins with `-`: sshd gives the string to `sh -c`, which would take it for its own option.
 */
export function remoteCommand(argv: readonly [string, ...string[]]): string {
  if (argv[0].startsWith("-")) throw new RangeError(`"${argv[0]}" is no program`);
  return argv.map(quoteWord).join(" ");
}

/** A word for a POSIX shell. @throws {RangeError} for NUL. */
export function quoteWord(word: string): string {
  if (word.includes("\0")) throw new RangeError("A word of a command cannot have NUL");
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
