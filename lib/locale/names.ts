/** Longest name that others are compared with: more is no slip of the finger. */
const LONGEST = 64;

/**
 * The name that somebody may have meant: the same in other letters, the same last part, or one that
 * differs in a letter or two.
 */
export function nearestName(wanted: string, names: readonly string[]): string | undefined {
  if (wanted.length > LONGEST) return undefined;
  const plain = (text: string) => text.toLowerCase().replaceAll(/[ -]/g, "_");
  const text = plain(wanted);
  const same = names.find((name) => plain(name) === text) ??
    names.find((name) => plain(name).split("/").at(-1) === text.split("/").at(-1));
  if (same !== undefined) return same;
  const most = text.length < 4 ? 0 : text.length < 8 ? 1 : 2;
  const near = names.map((name) => ({ name, changes: changesBetween(text, plain(name)) }))
    .filter(({ changes }) => changes <= most);
  return near.sort((a, b) => a.changes - b.changes)[0]?.name;
}

/** Letters that are put in, left out, replaced or swapped with their neighbour. */
function changesBetween(a: string, b: string): number {
  let [before, last]: [number[], number[]] = [
    [],
    Array.from({ length: b.length + 1 }, (_, j) => j),
  ];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = last[j - 1]! + Number(a[i - 1] !== b[j - 1]);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? before[j - 2]! + 1 : Infinity;
      row.push(Math.min(last[j]! + 1, row[j - 1]! + 1, changed, swapped));
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}

/** All time zones by the names that are not another's alias. */
export function zoneNames(): string[] {
  return [...Intl.supportedValuesOf("timeZone"), "UTC"];
}

/** Whether the time zone database has a name, as far as this program's own copy tells. */
export function isZoneName(name: string): boolean {
  const known = zoneNames();
  if (known.includes(name)) return true;
  const isOtherCase = known.some((zone) => zone.toLowerCase() === name.toLowerCase());
  if (isOtherCase || !/^[A-Z][A-Za-z0-9_+-]*(\/[A-Z][A-Za-z0-9_+-]*)*$/.test(name)) return false;
  try {
    // Aliases such as US/Eastern; it would take them in any case of letters.
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/** The zone that a wrong name may have meant. */
export function nearestZone(name: string): string | undefined {
  return nearestName(name, zoneNames());
}

/** The layouts that a list of X's rules has (`base.lst`, its part `! layout`). */
export function layoutsIn(list: string): string[] {
  const part = /^! layout\n([^!]*)/m.exec(list)?.[1] ?? "";
  return part.split("\n").flatMap((line) => /^ +(\S+) /.exec(line)?.[1] ?? []);
}
