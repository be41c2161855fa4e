import { type ShownStep } from "../../lib/fleet/operations/shown_step.ts";
import { quoteArgv } from "../../lib/proc/quoting.ts";

/** Steps as lines; a script is shown by its length: the whole of it is in the JSON. */
export function stepLines(steps: readonly ShownStep[]): string {
  return steps.map(({ host, title, argv }) => `${host}: ${title}: ${quoteArgv(argv.map(short))}\n`)
    .join("");
}

function short(word: string): string {
  const lines = word.trimEnd().split("\n").length;
  return lines === 1 ? word : `(${lines} lines)`;
}
