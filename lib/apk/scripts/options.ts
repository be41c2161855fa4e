/** Options and the arguments that are none, as getopt_long(3) sorts them. */
export interface ParsedOptions {
  /** By letter: the value, "" for a flag. */
  readonly options: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

/**
 * Sorts arguments by a getopt string such as `h:g:S`, where a colon follows letters that take a
 * value, and long names for letters. Arguments may stand before options.
 *
 * @returns Undefined for an unknown option, a missing value or an option that comes twice.
 */
export function parseOptions(
  args: readonly string[],
  letters: string,
  long: Readonly<Record<string, string>> = {},
): ParsedOptions | undefined {
  const options = new Map<string, string>();
  const rest: string[] = [];
  const queue = [...args];
  const set = (letter: string, attached: string | undefined): boolean => {
    const at = /^[A-Za-z0-9]$/.test(letter) ? letters.indexOf(letter) : -1;
    if (at < 0 || options.has(letter)) return false;
    const takesValue = letters[at + 1] === ":";
    const value = takesValue ? attached ?? queue.shift() : attached ?? "";
    if (value === undefined || (!takesValue && value !== "")) return false;
    options.set(letter, value);
    return true;
  };
  for (let arg; (arg = queue.shift()) !== undefined;) {
    if (arg === "--") {
      rest.push(...queue);
      break;
    }
    if (arg.startsWith("--")) {
      const [name, ...value] = arg.slice(2).split("=");
      const letter = Object.hasOwn(long, name!) ? long[name!]! : "";
      if (!set(letter, value.length > 0 ? value.join("=") : undefined)) return undefined;
    } else if (arg.startsWith("-") && arg !== "-") {
      for (let i = 1; i < arg.length; i++) {
        const takesValue = letters[letters.indexOf(arg[i]!) + 1] === ":";
        const attached = takesValue && i + 1 < arg.length ? arg.slice(i + 1) : undefined;
        if (!set(arg[i]!, attached)) return undefined;
        if (takesValue) break;
      }
    } else rest.push(arg);
  }
  return { options, rest };
}
