import { type CommandNode, type PlacedCommand } from "./command_tree.ts";
import { positionCases, stepCases, valueCases } from "./cases.ts";
import type { Objects, ObjectTable } from "./objects.ts";
import { flagsOf, functionOf, HOSTS_FOLDER, keyOf, quoted } from "./script_parts.ts";

/**
 * Needs bash 4 and nothing else: bare systems have no bash-completion package. Readline takes `=`
 * and `:` for words of their own.
 */
export function bashScript(
  program: CommandNode,
  places: readonly PlacedCommand[],
  table: ObjectTable,
): string {
  const name = functionOf(program);
  const propose = (objects: Objects) => proposal(objects, name);
  return [
    `# Completion of ${program.name} for bash.`,
    `${name}_hosts() {`,
    "  local host",
    `  for host in ~/${HOSTS_FOLDER}/*/; do`,
    "    host=${host%/} host=${host##*/}",
    '    [[ $host == *[!a-z0-9-]* ]] || echo "$host$1"',
    "  done",
    "}",
    `${name}() {`,
    "  local word=${COMP_WORDS[COMP_CWORD]} place= option= ended= position=0 i each",
    "  COMPREPLY=()",
    "  for ((i = 1; i < COMP_CWORD; i++)); do",
    "    each=${COMP_WORDS[i]}",
    "    if [[ $option ]]; then",
    "      [[ $each == = ]] || option=",
    "      continue",
    "    fi",
    '    [[ $ended ]] || case "$place $each" in',
    ...stepCases(places),
    "    esac",
    "    position=$((position + 1))",
    "  done",
    "  [[ $word == : || $each == : ]] && return",
    "  if [[ $option ]]; then",
    "    [[ $word == = ]] && word=",
    '    case "$option" in',
    ...valueCases(places, table, propose),
    "    esac",
    "  elif [[ $word == -* && ! $ended ]]; then",
    '    case "$place" in',
    ...places.map(({ path, command }) =>
      `      ${quoted(keyOf(path))}) ${propose({ words: flagsOf(command.options) })} ;;`
    ),
    "    esac",
    "  else",
    '    case "$place:$position" in',
    ...places.flatMap((at) => {
      const names = at.command.commands.map((child) => child.name);
      return names.length > 0
        ? [`      ${quoted(`${keyOf(at.path)}:0`)}) ${propose({ words: names })} ;;`]
        : positionCases(at, table, propose);
    }),
    "    esac",
    "  fi",
    "}",
    `complete -F ${name} ${program.name}`,
    "",
  ].join("\n");
}

/** Files alone are readline's own matter: it knows `~` and quotes. */
function proposal({ words = [], hosts, files }: Objects, name: string): string {
  const only = words.length === 0 && hosts === undefined;
  if (only && files === "all") return "compopt -o default";
  if (only && files === "folders") return "compopt -o dirnames";
  const add = (command: string) => `mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(${command})`;
  const lists = [
    ...words.length > 0 ? [`compgen -W ${quoted(words.join(" "))} -- "$word"`] : [],
    ...hosts === undefined ? [] : [`compgen -W "$(${name}_hosts ${quoted(hosts)})" -- "$word"`],
    ...files === "all" ? ['compgen -f -- "$word"'] : [],
    ...files === "manifests"
      ? [
        `compgen -f -X '!*.yaml' -- "$word"; compgen -f -X '!*.yml' -- "$word"; ` +
        'compgen -d -- "$word"',
      ]
      : [],
  ];
  return [
    ...lists.map(add),
    ...files === undefined ? [] : ["compopt -o filenames"],
    ...hosts === ":" ? ["[[ $COMPREPLY == *: ]] && compopt -o nospace"] : [],
  ].join("; ");
}
