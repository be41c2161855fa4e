/**
 * What commander says of a wrong command line, worded as all other errors are.
 *
 * @param text Such as `error: unknown command 'biuld'\n(Did you mean build?)\n`.
 */
export function usageWords(text: string): string {
  return text
    .replace(
      /^error: option '([^']+)' argument '(.*)' is invalid\. (.+)\n$/s,
      (_, option, value, why) => `error: Cannot use "${value}" for ${option}: ${reason(why)}\n`,
    )
    .replace(
      /^error: command-argument value '(.*)' is invalid for argument '([^']+)'\. (.+)\n$/s,
      (_, value, argument, why) =>
        `error: Cannot use "${value}" as <${argument}>: ${reason(why)}\n`,
    )
    .replace(/^error: unknown (command|option) '(.*?)'(?=\n)/s, 'error: unknown $1 "$2"')
    .replace(/\n\(Did you mean (one of .+)\?\)\n$/, "; did you mean $1?\n")
    .replace(/\n\(Did you mean (.+)\?\)\n$/, '; did you mean "$1"?\n');
}

/** A sentence of its own, as what stands behind a colon. */
function reason(sentence: string): string {
  return sentence.replace(/\.$/, "").replace(/^Allowed choices are/, "it is one of")
    .replace(/^It must/, "it must");
}
