import { terminalSize } from "./deno_terminal.ts";

/** The text of `--help` by the terminal's width. */
export type HelpByWidth = Readonly<Record<number, string>>;

/**
 * Writes what is known before any command is loaded, as scripts and people ask for it all the time.
 *
 * @param help undefined where the program has to make it
 * @returns whether that was asked for, and could be written: else the program goes on, and says why not
 */
export function writeKnownAnswer(
  args: readonly string[],
  version: string,
  help: HelpByWidth | undefined,
): boolean {
  const [word] = args;
  if (args.length !== 1 || word === undefined) return false;
  const answer = /^(-V|--version)$/.test(word)
    ? `${version}\n`
    : /^(-h|--help)$/.test(word)
    ? help?.[Math.min(terminalSize().columns, 100)]
    : undefined;
  if (answer === undefined) return false;
  const bytes = new TextEncoder().encode(answer);
  try {
    for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
    return true;
  } catch {
    return false;
  }
}
