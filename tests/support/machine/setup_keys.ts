import type { ConsoleShell, Shown } from "../../../lib/lab/console_shell.ts";

/**
 * What a page alone shows, and the keys that answer it. Of a line the terminal gets what differs from the one
 * before, to its end: no line's first words.
 */
export type Answered = readonly [shows: RegExp, keys: string];

/**
 * Runs a command that asks, and types an answer at each page as it shows.
 * @param seconds for each page, and from the last one to the command's end
 */
export async function typedRun(
  shell: ConsoleShell,
  line: string,
  answers: readonly Answered[],
  [page, end]: readonly [page: number, end: number],
): Promise<Shown> {
  const typing = async () => {
    for (const [shows, keys] of answers) {
      await shell.until(shows, page);
      await shell.type(keys);
    }
  };
  const [shown] = await Promise.all([shell.run(line, answers.length * page + end), typing()]);
  return shown;
}

/** What `tower setup` asks, in its order: an encrypted disk of ann's. @param disk its serial number */
export function annsAnswers(disk: string): readonly Answered[] {
  return [
    // The lab repository has no list of keyboards: layout and variant are typed.
    [/is your keyboard/, "\r\r"],
    [/language shall programs/, "german\r"],
    [/clock stand/, "berlin\r"],
    [/uses this thin client/, "\x15root\r\x15ann\r\x15desk\r"],
    [/password of ann/, "secret\rsecret\r"],
    [/disk shall it go on/, `${disk}\r`],
    [/be encrypted/, "\r"],
    [/passphrase opens the disk/, "a long passphrase\ra long passphrase\r"],
    [/choose what is to be answered/, "\r"],
    [/sets up a thin client/, "yes\r"],
  ];
}
