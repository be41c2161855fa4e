import {
  type CommandNode,
  type OptionNode,
  type PlacedCommand,
  placesOf,
  wordsOf,
} from "./command_tree.ts";

/** Shells that a script can be made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = typeof SHELLS[number];

/** A script that completes a program's commands, options and their values in a shell. */
export function completionScript(program: CommandNode, shell: Shell): string {
  const makers = { bash: bashScript, zsh: zshScript, fish: fishScript };
  return makers[shell](program, placesOf(program));
}

/** A text in single quotes, as sh, zsh and bash read it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The place of a command as the scripts keep it: each name with a space before it. */
function keyOf(path: readonly string[]): string {
  return path.map((name) => ` ${name}`).join("");
}

function flagsOf(options: readonly OptionNode[]): string[] {
  return options.flatMap(({ short, long }) => [short, long].filter((f) => f !== undefined));
}

/** Patterns of sh's `case` for all commands but the program itself. */
function pathPattern(places: readonly PlacedCommand[]): string {
  const keys = places.filter(({ path }) => path.length > 0).map(({ path }) => quoted(keyOf(path)));
  return keys.length > 0 ? keys.join("|") : "''";
}

/** Functions of a shell are named by words without dashes. */
function functionOf(program: CommandNode): string {
  return `_${program.name.replace(/[^A-Za-z0-9]/g, "_")}`;
}

/** Branches of `case "$path $before"`: what an option's value may be. */
function valueBranches(
  places: readonly PlacedCommand[],
  branch: (option: OptionNode) => string,
): string[] {
  return places.flatMap(({ path, command }) =>
    command.options.filter(({ takesValue }) => takesValue).map((option) => {
      const patterns = flagsOf([option]).map((flag) => quoted(`${keyOf(path)} ${flag}`));
      return `    ${patterns.join("|")}) ${branch(option)} ;;`;
    })
  );
}

/** Needs bash 4 and nothing else: bare systems have no bash-completion package. */
function bashScript(program: CommandNode, places: readonly PlacedCommand[]): string {
  const name = functionOf(program);
  const words = (list: readonly string[]) => quoted(list.join(" "));
  return [
    `# Completion of ${program.name} for bash. No answer means: complete file names.`,
    `${name}() {`,
    "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}",
    "  local path= options= words= i",
    "  COMPREPLY=()",
    "  for ((i = 1; i < COMP_CWORD; i++)); do",
    '    case "$path ${COMP_WORDS[i]}" in',
    `      ${pathPattern(places)}) path="$path \${COMP_WORDS[i]}" ;;`,
    "    esac",
    "  done",
    '  case "$path $before" in',
    ...valueBranches(
      places,
      ({ choices }) =>
        choices.length > 0
          ? `mapfile -t COMPREPLY < <(compgen -W ${words(choices)} -- "$word"); return`
          : "return",
    ),
    "  esac",
    '  case "$path" in',
    ...places.map(({ path, command }) =>
      `    ${quoted(keyOf(path))}) options=${words(flagsOf(command.options))} words=${
        words(wordsOf(command).map((w) => w.name))
      } ;;`
    ),
    "  esac",
    "  [[ $word == -* ]] && words=$options",
    '  [[ $words ]] && mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")',
    "}",
    `complete -o default -F ${name} ${program.name}`,
    "",
  ].join("\n");
}

function zshScript(program: CommandNode, places: readonly PlacedCommand[]): string {
  const name = functionOf(program);
  const described = (list: readonly { name: string; description: string }[]) =>
    list.map((w) => quoted(`${w.name}:${w.description.replaceAll(":", "\\:")}`)).join(" ");
  const flags = (options: readonly OptionNode[]) =>
    options.flatMap((o) =>
      flagsOf([o]).map((flag) => ({ name: flag, description: o.description }))
    );
  return [
    `#compdef ${program.name}`,
    `${name}() {`,
    "  local place= i",
    "  local -a options commands",
    "  for ((i = 2; i < CURRENT; i++)); do",
    '    case "$place ${words[i]}" in',
    `      ${pathPattern(places)}) place="$place \${words[i]}" ;;`,
    "    esac",
    "  done",
    '  case "$place ${words[CURRENT-1]}" in',
    ...valueBranches(
      places,
      ({ choices }) =>
        choices.length > 0 ? `compadd -- ${choices.join(" ")}; return` : "_files; return",
    ),
    "  esac",
    '  case "$place" in',
    ...places.map(({ path, command }) =>
      `    ${quoted(keyOf(path))}) options=(${described(flags(command.options))}) commands=(${
        described(wordsOf(command))
      }) ;;`
    ),
    "  esac",
    "  if [[ ${words[CURRENT]} == -* ]]; then",
    "    _describe -o option options",
    "  elif (( $#commands )); then",
    "    _describe command commands",
    "  else",
    "    _files",
    "  fi",
    "}",
    // From a file in $fpath it is called as the function itself; sourced, it registers.
    `if [[ $funcstack[1] == ${name} ]]; then ${name} "$@"; else compdef ${name} ${program.name}; fi`,
    "",
  ].join("\n");
}

/** fish's single quotes escape by a backslash. */
function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

function fishScript(program: CommandNode, places: readonly PlacedCommand[]): string {
  const at = `_${functionOf(program)}_at`;
  const keys = places.filter(({ path }) => path.length > 0).map(({ path }) => keyOf(path));
  const lines = places.flatMap(({ path, command }) => {
    const start = `complete -c ${program.name} -n ${fishQuoted(`${at} '${keyOf(path)}'`)}`;
    const words = wordsOf(command).map(({ name, description }) =>
      `${start} -f -a ${name}${description ? ` -d ${fishQuoted(description)}` : ""}`
    );
    const options = command.options.map((option) =>
      [
        start,
        option.short === undefined ? "" : ` -s ${option.short.replace(/^-+/, "")}`,
        option.long === undefined ? "" : ` -l ${option.long.replace(/^-+/, "")}`,
        option.choices.length > 0 ? ` -x -a ${fishQuoted(option.choices.join(" "))}` : "",
        option.takesValue && option.choices.length === 0 ? " -r" : "",
        ` -d ${fishQuoted(option.description)}`,
      ].join("")
    );
    return [...words, ...options];
  });
  return [
    `# Completion of ${program.name} for fish.`,
    `function ${at}`,
    "    set -l place ''",
    "    for word in (commandline -opc)[2..-1]",
    '        switch "$place $word"',
    ...(keys.length > 0
      ? [
        `            case ${keys.map(fishQuoted).join(" ")}`,
        '                set place "$place $word"',
      ]
      : []),
    "        end",
    "    end",
    '    test "$place" = "$argv[1]"',
    "end",
    ...lines,
    "",
  ].join("\n");
}
