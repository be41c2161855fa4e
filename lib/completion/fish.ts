import { type CommandNode, type PlacedCommand } from "./command_tree.ts";
import { isEmpty, type Objects, objectsOf, type ObjectTable, positionsOf } from "./objects.ts";
import { functionOf, HOSTS_FOLDER, keyOf, steps } from "./script_parts.ts";

/** fish's single quotes escape by a backslash. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

export function fishScript(
  program: CommandNode,
  places: readonly PlacedCommand[],
  table: ObjectTable,
): string {
  const name = `_${functionOf(program)}`;
  const propose = (objects: Objects) => proposal(objects, name);
  const valueOf = (objects: Objects) =>
    `${objects.files === "all" ? " -r" : " -x"}${propose(objects)}`;
  const lines = places.flatMap(({ path, command }) => {
    const at = (...bounds: number[]) =>
      `complete -c ${program.name} -n ${
        quoted([`${name}_at`, `'${keyOf(path)}'`, ...bounds].join(" "))
      }`;
    const words = command.commands.map((child) =>
      `${at(0, 0)} -a ${child.name} -d ${quoted(child.description)}`
    );
    const positions = command.commands.length > 0 ? [] : positionsOf(command, table)
      .filter(({ objects }) => !isEmpty(objects))
      .map(({ index, isLast, objects }) => {
        return `${at(index, isLast ? 999 : index)}${propose(objects)}`;
      });
    const options = command.options.map((option) =>
      [
        at(),
        option.short === undefined ? "" : ` -s ${option.short.replace(/^-+/, "")}`,
        option.long === undefined ? "" : ` -l ${option.long.replace(/^-+/, "")}`,
        option.takesValue ? valueOf(objectsOf(option, table)) : "",
        ` -d ${quoted(option.description)}`,
      ].join("")
    );
    return [...words, ...positions, ...options];
  });
  return [
    `# Completion of ${program.name} for fish.`,
    `function ${name}_hosts`,
    `    for folder in ~/${HOSTS_FOLDER}/*/`,
    "        set -l host (string replace -r '.*/([^/]+)/$' '$1' -- $folder)",
    "        string match -rq '^[a-z0-9-]+$' -- $host; and echo \"$host$argv\"",
    "    end",
    "end",
    `function ${name}_manifests`,
    "    set -l word (commandline -ct)",
    "    for file in $word*.yaml $word*.yml $word*/",
    "        echo $file",
    "    end",
    "end",
    ...placeFunction(name, places),
    `complete -c ${program.name} -f`,
    ...lines,
    "",
  ].join("\n");
}

/** `NAME_at PLACE [FIRST LAST]`: whether the cursor is in a command, at one of its arguments. */
function placeFunction(name: string, places: readonly PlacedCommand[]): string[] {
  const { commands, options } = steps(places);
  const list = (keys: readonly string[]) => keys.map(quoted).join(" ");
  return [
    `function ${name}_at`,
    "    set -l place ''",
    "    set -l position 0",
    "    set -l skip 0",
    "    set -l ended 0",
    "    for word in (commandline -opc)[2..-1]",
    "        if test $skip = 1",
    "            set skip 0",
    "            continue",
    "        end",
    "        if test $ended = 0",
    ...(commands.length > 0
      ? [
        `            if contains -- "$place $word" ${list(commands)}`,
        '                set place "$place $word"',
        "                continue",
        "            end",
      ]
      : []),
    ...(options.length > 0
      ? [
        `            if contains -- "$place $word" ${list(options)}`,
        "                set skip 1",
        "                continue",
        "            end",
      ]
      : []),
    '            if test "$word" = --',
    "                set ended 1",
    "                continue",
    "            end",
    "            string match -q -- '-?*' $word; and continue",
    "        end",
    "        set position (math $position + 1)",
    "    end",
    '    test "$place" = "$argv[1]"; or return 1',
    "    test (count $argv) = 1; and return 0",
    "    test $position -ge $argv[2] -a $position -le $argv[3]",
    "end",
  ];
}

/** The program as a whole takes no files: where they are meant, `-F` says so. */
function proposal({ words = [], hosts, files }: Objects, name: string): string {
  const lists = [
    ...words,
    ...hosts === undefined ? [] : [`(${name}_hosts ${hosts})`.replace(" )", ")")],
    ...files === "folders" ? ["(__fish_complete_directories (commandline -ct))"] : [],
    ...files === "manifests" ? [`(${name}_manifests)`] : [],
  ];
  return (lists.length > 0 ? ` -a ${quoted(lists.join(" "))}` : "") +
    (files === "all" ? " -F" : "");
}
