import type { CommandNode, OptionNode, PlacedCommand } from "./command_tree.ts";

/** Where an inventory has a folder for each host, below the home. */
export const HOSTS_FOLDER = ".local/tower/hosts";

/** A text in single quotes, as sh, zsh and bash read it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The place of a command as the scripts keep it: each name with a space before it. */
export function keyOf(path: readonly string[]): string {
  return path.map((name) => ` ${name}`).join("");
}

export function flagsOf(options: readonly OptionNode[]): string[] {
  return options.flatMap(({ short, long }) => [short, long].filter((f) => f !== undefined));
}

/** Functions of a shell are named by words without dashes. */
export function functionOf(program: CommandNode): string {
  return `_${program.name.replace(/[^A-Za-z0-9]/g, "_")}`;
}

/** Each command that is below another, and each option with a value, as `PLACE NAME`. */
export function steps(places: readonly PlacedCommand[]): { commands: string[]; options: string[] } {
  return {
    commands: places.filter(({ path }) => path.length > 0).map(({ path }) => keyOf(path)),
    options: places.flatMap(({ path, command }) =>
      flagsOf(command.options.filter(({ takesValue }) => takesValue)).map((flag) =>
        `${keyOf(path)} ${flag}`
      )
    ),
  };
}

/** Patterns of sh's `case`; one that nothing fits where there are none. */
export function patterns(keys: readonly string[]): string {
  return keys.length > 0 ? keys.map(quoted).join("|") : "''";
}
