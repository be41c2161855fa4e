import { type CommandNode, type PlacedCommand } from "./command_tree.ts";
import { positionCases, stepCases, valueCases } from "./cases.ts";
import type { Objects, ObjectTable } from "./objects.ts";
import { flagsOf, functionOf, HOSTS_FOLDER, keyOf, quoted } from "./script_parts.ts";

interface Word {
  readonly name: string;
  readonly description: string;
}

export function zshScript(
  program: CommandNode,
  places: readonly PlacedCommand[],
  table: ObjectTable,
): string {
  const name = functionOf(program);
  const propose = (objects: Objects) => proposal(objects, name);
  return [
    `#compdef ${program.name}`,
    `${name}_hosts() {`,
    `  local -a hosts=(~/${HOSTS_FOLDER}/*(N/:t))`,
    '  compadd "$@" -- ${hosts:#*[^a-z0-9-]*}',
    "}",
    `${name}() {`,
    "  local word=${words[CURRENT]} place= option= ended= each",
    "  local -i position=0 i",
    "  local -a known",
    "  for ((i = 2; i < CURRENT; i++)); do",
    "    each=${words[i]}",
    "    if [[ -n $option ]]; then option=; continue; fi",
    '    [[ -n $ended ]] || case "$place $each" in',
    ...stepCases(places),
    "    esac",
    "    position+=1",
    "  done",
    "  if [[ -z $option$ended && $word == --*=* ]]; then",
    '    option="$place ${word%%=*}"',
    "    compset -P '*='",
    "  fi",
    "  if [[ -n $option ]]; then",
    '    case "$option" in',
    ...valueCases(places, table, propose),
    "    esac",
    "  elif [[ $word == -* && -z $ended ]]; then",
    '    case "$place" in',
    ...places.map(({ path, command }) => {
      const flags = command.options.flatMap((o) =>
        flagsOf([o]).map((flag) => ({ name: flag, description: o.description }))
      );
      return `      ${quoted(keyOf(path))}) known=(${described(flags)}) ;;`;
    }),
    "    esac",
    "    _describe -o option known",
    "  else",
    '    case "$place:$position" in',
    ...places.flatMap((at) => {
      const { path, command: { commands } } = at;
      if (commands.length === 0) return positionCases(at, table, propose);
      const known = `known=(${described(commands)}); _describe command known`;
      return [`      ${quoted(`${keyOf(path)}:0`)}) ${known} ;;`];
    }),
    "    esac",
    "  fi",
    "}",
    // From a file in $fpath it is called as the function itself; sourced, it registers.
    `if [[ $funcstack[1] == ${name} ]]; then ${name} "$@"; else compdef ${name} ${program.name}; fi`,
    "",
  ].join("\n");
}

function described(words: readonly Word[]): string {
  return words.map((w) => quoted(`${w.name}:${w.description.replaceAll(":", "\\:")}`)).join(" ");
}

function proposal({ words = [], hosts, files }: Objects, name: string): string {
  const globs = { all: "", folders: " -/", manifests: " -g '*.(yaml|yml)'" };
  return [
    ...words.length > 0 ? [`compadd -- ${words.join(" ")}`] : [],
    ...hosts === undefined ? [] : [`${name}_hosts${hosts === "" ? "" : ` -S ${quoted(hosts)}`}`],
    ...files === undefined ? [] : [`_files${globs[files]}`],
  ].join("; ");
}
