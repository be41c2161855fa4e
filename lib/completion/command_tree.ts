/** An option of a command, as data. */
export interface OptionNode {
  /** Such as `-o`. */
  readonly short: string | undefined;
  /** Such as `--output`. */
  readonly long: string | undefined;
  /** As the help shows it: `-o, --output <dir>`. */
  readonly usage: string;
  readonly description: string;
  readonly takesValue: boolean;
  /** The only values it takes; none where any is taken. */
  readonly choices: readonly string[];
}

/** A positional argument of a command, as data. */
export interface ArgumentNode {
  readonly name: string;
  readonly description: string;
  readonly isRequired: boolean;
  readonly isVariadic: boolean;
  readonly choices: readonly string[];
}

/** A command and all below it, as data: what completion scripts and manuals are made of. */
export interface CommandNode {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionNode[];
  readonly arguments: readonly ArgumentNode[];
  readonly commands: readonly CommandNode[];
}

/** What is read of a command of commander(npm); this room knows no package for command lines. */
export interface CommandSource {
  name(): string;
  description(): string;
  readonly options: readonly {
    readonly flags: string;
    readonly short?: string | undefined;
    readonly long?: string | undefined;
    readonly description: string;
    readonly required: boolean;
    readonly optional: boolean;
    readonly hidden: boolean;
    readonly argChoices?: readonly string[] | undefined;
  }[];
  readonly registeredArguments: readonly {
    name(): string;
    readonly description: string;
    readonly required: boolean;
    readonly variadic: boolean;
    readonly argChoices?: readonly string[] | undefined;
  }[];
  readonly commands: readonly CommandSource[];
}

const HELP: OptionNode = {
  short: "-h",
  long: "--help",
  usage: "-h, --help",
  description: "show this help",
  takesValue: false,
  choices: [],
};

/** The data of a command tree. `--help`, which every command has, is added. */
export function describeCommand(command: CommandSource): CommandNode {
  return {
    name: checked(command.name()),
    description: command.description(),
    options: [
      ...command.options.filter(({ hidden }) => !hidden).map((option): OptionNode => ({
        short: option.short,
        long: option.long,
        usage: option.flags,
        description: option.description,
        takesValue: option.required || option.optional,
        choices: (option.argChoices ?? []).map(checked),
      })),
      HELP,
    ],
    arguments: command.registeredArguments.map((argument): ArgumentNode => ({
      name: argument.name(),
      description: argument.description,
      isRequired: argument.required,
      isVariadic: argument.variadic,
      choices: (argument.argChoices ?? []).map(checked),
    })),
    commands: command.commands.map(describeCommand),
  };
}

/** A command with the names that lead to it, the program's own left out. */
export interface PlacedCommand {
  readonly path: readonly string[];
  readonly command: CommandNode;
}

/** The command and all below it, each before what is below it. */
export function placesOf(command: CommandNode, path: readonly string[] = []): PlacedCommand[] {
  return [
    { path, command },
    ...command.commands.flatMap((child) => placesOf(child, [...path, child.name])),
  ];
}

/** Names go into shell scripts. @throws {RangeError} for one that would need quoting. */
export function checked(name: string): string {
  if (/^[A-Za-z0-9][\w.:+-]*$/.test(name)) return name;
  throw new RangeError(`Cannot complete "${name}": it is no plain word`);
}
