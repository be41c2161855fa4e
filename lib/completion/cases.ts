import type { PlacedCommand } from "./command_tree.ts";
import { isEmpty, type Objects, objectsOf, type ObjectTable, positionsOf } from "./objects.ts";
import { flagsOf, keyOf, patterns, quoted, steps } from "./script_parts.ts";

/** How a shell proposes objects: a command of its own. */
export type Propose = (objects: Objects) => string;

/** What a word in front of the cursor changes, by `PLACE WORD`: it has a place, or wants a value. */
export function stepCases(places: readonly PlacedCommand[]): string[] {
  const { commands, options } = steps(places);
  return [
    `      ${patterns(commands)}) place="$place $each"; continue ;;`,
    `      ${patterns(options)}) option="$place $each"; continue ;;`,
    '      *" --") ended=1; continue ;;',
    '      *" "-?*) continue ;;',
  ];
}

/** What stands for the value of each option that takes one, as branches of sh's `case`. */
export function valueCases(
  places: readonly PlacedCommand[],
  table: ObjectTable,
  propose: Propose,
): string[] {
  return places.flatMap(({ path, command }) =>
    command.options.filter(({ takesValue }) => takesValue)
      .map((option) => ({ option, objects: objectsOf(option, table) }))
      .filter(({ objects }) => !isEmpty(objects))
      .map(({ option, objects }) => {
        const keys = flagsOf([option]).map((flag) => `${keyOf(path)} ${flag}`);
        return `      ${patterns(keys)}) ${propose(objects)} ;;`;
      })
  );
}

/** What stands at each place among a command's arguments, as branches by `PLACE:POSITION`. */
export function positionCases(
  { path, command }: PlacedCommand,
  table: ObjectTable,
  propose: Propose,
): string[] {
  const place = keyOf(path);
  return positionsOf(command, table).filter(({ objects }) => !isEmpty(objects)).map((p) =>
    p.isLast
      ? `      ${quoted(`${place}:`)}*) ${propose(p.objects)} ;;`
      : `      ${quoted(`${place}:${p.index}`)}) ${propose(p.objects)} ;;`
  );
}
