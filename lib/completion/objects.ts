import type { ArgumentNode, CommandNode, OptionNode } from "./command_tree.ts";

/** What may stand at a place of a command line; nothing that a shell could know by default. */
export interface Objects {
  /** Plain words, such as architectures. */
  readonly words?: readonly string[];
  /** Names of the user's hosts, with what is put behind each. */
  readonly hosts?: "" | ":";
  readonly files?: "all" | "folders" | "manifests";
}

/** What stands for an option's value or an argument, by its name in the help: `file`, `host`. */
export type ObjectTable = Readonly<Record<string, Objects>>;

/** Names that mean the same in every program. */
export const FILES: ObjectTable = {
  dir: { files: "folders" },
  file: { files: "all" },
  path: { files: "all" },
};

/** The name of an option's value, or of each of several. */
export function valueName({ usage }: OptionNode): string {
  return /[<[]([^\]>]+?)(\.{3})?[\]>]$/.exec(usage)?.[1] ?? "";
}

/** What an option takes. */
export function objectsOf(option: OptionNode, table: ObjectTable): Objects {
  return option.choices.length > 0 ? { words: option.choices } : table[valueName(option)] ?? {};
}

/** What stands in one place among a command's arguments, and in all behind it. */
export interface Position {
  /** From 0. */
  readonly index: number;
  readonly isLast: boolean;
  readonly objects: Objects;
}

/** What a command's arguments are, in their order. */
export function positionsOf(command: CommandNode, table: ObjectTable): Position[] {
  return command.arguments.map((argument: ArgumentNode, index) => ({
    index,
    isLast: argument.isVariadic,
    objects: argument.choices.length > 0 ? { words: argument.choices } : table[argument.name] ?? {},
  }));
}

/** Whether anything can be proposed. */
export function isEmpty({ words = [], hosts, files }: Objects): boolean {
  return words.length === 0 && hosts === undefined && files === undefined;
}
