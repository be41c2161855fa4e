import { TowerError } from "../errors.ts";
import type { Command, CommandResult, Ending } from "./command.ts";
import { quoteArgv } from "./quoting.ts";

/** Most bytes and lines of a program's output that its error shows. */
const TAIL_BYTES = 4096;
const TAIL_LINES = 12;

/** Most characters of a command line that a message shows. */
const LINE_LENGTH = 1000;

/** The line that names a command in a message: quoted, secrets as `***`. */
export function describe(command: Command): string {
  const line = quoteArgv(command.argv, command.secretArgs);
  return line.length <= LINE_LENGTH ? line : `${line.slice(0, LINE_LENGTH)} …`;
}

/** Throws `tool` unless the command ended with a code that is no failure. */
export function assertOk(command: Command, result: CommandResult): void {
  const { ending } = result;
  if (ending.kind === "exited" && (command.okCodes ?? [0]).includes(ending.code)) return;
  const text = result.stderr.length > 0 ? result.stderr : result.stdout;
  const tail = withoutSecrets(command, tailOf(text));
  throw new TowerError(
    "tool",
    `Cannot run "${describe(command)}": ${endingText(ending)}${tail === "" ? "" : `\n${tail}`}`,
    ending.kind === "exited" && ending.code === 127
      ? { hint: "Exit code 127 of a script means that a program it calls is not installed" }
      : {},
  );
}

/** The error for a program that PATH does not have. */
export function missingProgram(command: Command): TowerError {
  return new TowerError(
    "tool",
    `Cannot run "${describe(command)}": there is no program "${command.argv[0]}"`,
    { hint: `Install the package that has "${command.argv[0]}", or add its folder to PATH` },
  );
}

/** How a program ended, in words. */
export function endingText(ending: Ending): string {
  return ending.kind === "exited"
    ? `it ended with exit code ${ending.code}`
    : `it was ended by ${ending.signal}`;
}

/** The last lines of an output, indented. */
function tailOf(output: Uint8Array): string {
  const text = new TextDecoder().decode(output.subarray(-TAIL_BYTES)).trimEnd();
  if (text === "") return "";
  return text.split(/\r?\n/).slice(-TAIL_LINES).map((line) => `  ${line}`).join("\n");
}

function withoutSecrets(command: Command, text: string): string {
  for (const index of command.secretArgs ?? []) {
    const secret = command.argv[index];
    if (secret) text = text.replaceAll(secret, "***");
  }
  return text;
}
